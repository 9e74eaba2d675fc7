// The k best pairs of one item of each of two sets, by the sum of their scores; and the gradient by the scores.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

struct Entry {
  float score;
  int64_t item;
};

// Larger scores come first, and equal ones by the lower item.
inline bool isBefore(const Entry& x, const Entry& y) {
  return x.score > y.score || (x.score == y.score && x.item < y.item);
}

// What is no number counts as infinity, so that it is found.
inline float ordered(float score) {
  return score == score ? score : std::numeric_limits<float>::infinity();
}

// The best of all that it was offered, the last of them on top.
class Best {
 public:
  // For at most `most` entries; it keeps memory.
  void begin(int64_t most) {
    most_ = most;
    entries_.clear();
    entries_.reserve(most);
  }

  bool isFull() const { return static_cast<int64_t>(entries_.size()) == most_; }
  // Once it is full: what is not before this one is not among the best.
  const Entry& last() const { return entries_.front(); }

  void offer(const Entry& entry) {
    if (!isFull()) {
      entries_.push_back(entry);
      std::push_heap(entries_.begin(), entries_.end(), isBefore);
    } else if (isBefore(entry, last())) {
      replaceLast(entry);
    }
  }

  // All of them, the best first. It is at its end then.
  const std::vector<Entry>& sorted() {
    std::sort_heap(entries_.begin(), entries_.end(), isBefore);
    return entries_;
  }

 private:
  void replaceLast(const Entry& entry) {
    const size_t size = entries_.size();
    size_t at = 0;
    for (size_t child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(entries_[child], entries_[child + 1])) ++child;
      if (!isBefore(entry, entries_[child])) break;
      entries_[at] = entries_[child];
      at = child;
    }
    entries_[at] = entry;
  }

  int64_t most_ = 0;
  std::vector<Entry> entries_;
};

constexpr int64_t kBlock = 32;

// Whether a number of a block may be among the best: most blocks have none.
inline bool anyAbove(const float* __restrict scores, float least) {
  int32_t above = 0;
  for (int64_t j = 0; j < kBlock; ++j) above |= !(scores[j] <= least);
  return above != 0;
}

// The best scores of a row, whose items are numbered from 0 on.
void offerRow(const float* scores, int64_t count, Best& best) {
  int64_t j = 0;
  while (j < count && !best.isFull()) {
    best.offer({ordered(scores[j]), j});
    ++j;
  }
  for (; j + kBlock <= count; j += kBlock) {
    if (!anyAbove(scores + j, best.last().score)) continue;
    for (int64_t i = j; i < j + kBlock; ++i) {
      if (!(scores[i] <= best.last().score)) best.offer({ordered(scores[i]), i});
    }
  }
  for (; j < count; ++j) {
    if (!(scores[j] <= best.last().score)) best.offer({ordered(scores[j]), j});
  }
}

struct Selection {
  Best first, second, pairs;
};

// `items` are the numbers of the first set's items, or null where they are 0 to n - 1.
void selectRow(const float* a, int64_t n, const float* b, int64_t m, const int32_t* items, int64_t k,
               Selection& of, float* sums, int32_t* pairs) {
  of.first.begin(std::min(k, n));
  if (items == nullptr) {
    offerRow(a, n, of.first);
  } else {
    for (int64_t i = 0; i < n; ++i) of.first.offer({ordered(a[i]), items[i]});
  }
  of.second.begin(std::min(k, m));
  offerRow(b, m, of.second);
  const std::vector<Entry>& first = of.first.sorted();
  const std::vector<Entry>& second = of.second.sorted();
  of.pairs.begin(k);
  const int64_t height = first.size(), width = second.size();
  for (int64_t p = 0; p < height; ++p) {
    // Of the pairs with no larger rank in either set there are (p + 1)(q + 1), and all of them are at least as good.
    for (int64_t q = 0; q < width && (p + 1) * (q + 1) <= k; ++q) {
      const float sum = ordered(first[p].score + second[q].score);
      if (of.pairs.isFull() && sum < of.pairs.last().score) break;
      of.pairs.offer({sum, first[p].item * m + second[q].item});
    }
  }
  const std::vector<Entry>& best = of.pairs.sorted();
  for (int64_t at = 0; at < k; ++at) {
    sums[at] = best[at].score;
    pairs[at] = static_cast<int32_t>(best[at].item);
  }
}

void topPairs(Run& run) {
  const int64_t k = run.attribute("k");
  const bool numbered = run.attribute("numbered") != 0;
  const std::vector<Tensor> inputs = run.inputs(3);
  if (!run.ok()) return;
  const Tensor &a = inputs[0], &b = inputs[1], &items = inputs[2];
  run.require(a.rank() == 2 && b.rank() == 2 && a.dim(0) == b.dim(0), "a and b must be [rows, n] and [rows, m]");
  if (!run.ok()) return;
  const int64_t rows = a.dim(0), n = a.dim(1), m = b.dim(1);
  run.require(k > 0 && k <= n * m, "k must be from 1 to the number of pairs");
  run.require(!numbered || items.size() == a.size(), "items must be [rows, n]");
  if (!run.ok()) return;
  const Tensor sums = run.output(0, {rows, k}), pairs = run.output(1, {rows, k}, TF_INT32);
  if (!run.ok()) return;
  parallel(rows, rows * (n + m + 16 * k), [&](int64_t begin, int64_t end, int) {
    Selection selection;
    for (int64_t row = begin; row < end; ++row) {
      selectRow(a.floats() + row * n, n, b.floats() + row * m, m,
                numbered ? items.ints() + row * n : nullptr, k, selection,
                sums.floats() + row * k, pairs.ints() + row * k);
    }
  });
}

void topPairsGrad(Run& run) {
  const int64_t n = run.attribute("n"), m = run.attribute("m");
  const bool numbered = run.attribute("numbered") != 0;
  const std::vector<Tensor> inputs = run.inputs(3);
  if (!run.ok()) return;
  const Tensor &dsums = inputs[0], &pairs = inputs[1], &items = inputs[2];
  run.require(dsums.rank() == 2 && pairs.size() == dsums.size(), "dsums and pairs must be [rows, k]");
  run.require(n > 0 && m > 0, "there must be items");
  if (!run.ok()) return;
  const int64_t rows = dsums.dim(0), k = dsums.dim(1);
  run.require(!numbered || items.size() == rows * n, "items must be [rows, n]");
  if (!run.ok()) return;
  const Tensor da = run.output(0, {rows, n}), db = run.output(1, {rows, m});
  if (!run.ok()) return;
  std::atomic<bool> unknown{false};
  parallel(rows, rows * (n + m + k), [&](int64_t begin, int64_t end, int) {
    std::memset(da.floats() + begin * n, 0, (end - begin) * n * sizeof(float));
    std::memset(db.floats() + begin * m, 0, (end - begin) * m * sizeof(float));
    for (int64_t row = begin; row < end; ++row) {
      const int32_t* numbers = numbered ? items.ints() + row * n : nullptr;
      for (int64_t at = row * k; at < (row + 1) * k; ++at) {
        const int64_t item = pairs.ints()[at] / m, j = pairs.ints()[at] % m;
        const int64_t i = numbered ? std::find(numbers, numbers + n, item) - numbers : item;
        if (i < 0 || i >= n || j < 0) {
          unknown = true;
          continue;
        }
        da.floats()[row * n + i] += dsums.floats()[at];
        db.floats()[row * m + j] += dsums.floats()[at];
      }
    }
  });
  run.require(!unknown, "pairs must be of items that there are");
}

const Ops ops{op<topPairs>("NeverendTopPairs", {"a: float", "b: float", "items: int32"},
                           {"sums: float", "pairs: int32"}, {"k: int", "numbered: bool"}),
              op<topPairsGrad>("NeverendTopPairsGrad",
                               {"dsums: float", "pairs: int32", "items: int32"},
                               {"da: float", "db: float"},
                               {"n: int", "m: int", "numbered: bool"})};

}  // namespace

}  // namespace neverend
