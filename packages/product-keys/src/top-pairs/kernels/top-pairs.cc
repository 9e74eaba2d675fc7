// The k best pairs of one item of each of two sets, by the sum of their scores; and the gradient by the scores.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include <neverend/op.h>
#include <neverend/threads.h>

#include "best.h"

namespace neverend {
namespace {

struct Selection {
  Best first, second, pairs;
};

// A row of a set: its scores, and the numbers of its items, null where they are 0 to count - 1.
struct Row {
  const float* scores;
  const int32_t* items;
  int64_t count;
};

void choose(const Row& row, int64_t k, Best& best) {
  best.begin(std::min(k, row.count));
  if (row.items == nullptr) return offerRow(row.scores, row.count, 0, best);
  for (int64_t i = 0; i < row.count; ++i) best.offer({ordered(row.scores[i]), row.items[i]});
}

void selectRow(const Row& a, const Row& b, int64_t size, int64_t k, Selection& of, float* sums,
               int32_t* pairs) {
  choose(a, k, of.first);
  choose(b, k, of.second);
  const std::vector<Entry>& first = of.first.sorted();
  const std::vector<Entry>& second = of.second.sorted();
  of.pairs.begin(k);
  const int64_t height = first.size(), width = second.size();
  for (int64_t p = 0; p < height; ++p) {
    // Of the pairs with no larger rank in either set there are (p + 1)(q + 1), and all of them are at least as good.
    for (int64_t q = 0; q < width && (p + 1) * (q + 1) <= k; ++q) {
      const float sum = ordered(first[p].score + second[q].score);
      if (sum < of.pairs.least()) break;
      of.pairs.offer({sum, first[p].item * size + second[q].item});
    }
  }
  const std::vector<Entry>& best = of.pairs.sorted();
  for (int64_t at = 0; at < k; ++at) {
    sums[at] = best[at].score;
    pairs[at] = static_cast<int32_t>(best[at].item);
  }
}

// Tensors with a row of one set in each.
struct Set {
  const Tensor& scores;
  // Null where items are numbered from 0 on.
  const int32_t* items;

  Row row(int64_t at) const {
    const int64_t count = scores.dim(1);
    return {scores.floats() + at * count, items == nullptr ? nullptr : items + at * count, count};
  }
};

constexpr char kItems[] = "items and others must have the shape of their scores";

void topPairs(Run& run) {
  const int64_t k = run.attribute("k"), size = run.attribute("size");
  const int numbered = run.attribute("numbered");
  const std::vector<Tensor> inputs = run.inputs(4);
  if (!run.ok()) return;
  const Tensor &a = inputs[0], &b = inputs[1], &items = inputs[2], &others = inputs[3];
  run.require(a.rank() == 2 && b.rank() == 2 && a.dim(0) == b.dim(0), "a and b must be [rows, n] and [rows, m]");
  if (!run.ok()) return;
  const int64_t rows = a.dim(0), n = a.dim(1), m = b.dim(1);
  run.require(k > 0 && k <= n * m, "k must be from 1 to the number of pairs");
  run.require(numbered < 1 || items.size() == a.size(), kItems);
  run.require(numbered < 2 || others.size() == b.size(), kItems);
  if (!run.ok()) return;
  const Tensor sums = run.output(0, {rows, k}), pairs = run.output(1, {rows, k}, TF_INT32);
  if (!run.ok()) return;
  const Set first = {a, numbered < 1 ? nullptr : items.ints()};
  const Set second = {b, numbered < 2 ? nullptr : others.ints()};
  parallel(rows, rows * (n + m + 16 * k), [&](int64_t begin, int64_t end, int) {
    Selection selection;
    for (int64_t row = begin; row < end; ++row) {
      selectRow(first.row(row), second.row(row), size, k, selection, sums.floats() + row * k,
                pairs.ints() + row * k);
    }
  });
}

// Where an item stands in a row; at its own place where items are numbered from 0 on.
int64_t placeOf(int64_t item, const int32_t* items, int64_t count) {
  return items == nullptr ? item : std::find(items, items + count, item) - items;
}

void topPairsGrad(Run& run) {
  const int64_t n = run.attribute("n"), m = run.attribute("m"), size = run.attribute("size");
  const int numbered = run.attribute("numbered");
  const std::vector<Tensor> inputs = run.inputs(4);
  if (!run.ok()) return;
  const Tensor &dsums = inputs[0], &pairs = inputs[1], &items = inputs[2], &others = inputs[3];
  run.require(dsums.rank() == 2 && pairs.size() == dsums.size(), "dsums and pairs must be [rows, k]");
  run.require(n > 0 && m > 0 && size > 0, "there must be items");
  if (!run.ok()) return;
  const int64_t rows = dsums.dim(0), k = dsums.dim(1);
  run.require(numbered < 1 || items.size() == rows * n, kItems);
  run.require(numbered < 2 || others.size() == rows * m, kItems);
  if (!run.ok()) return;
  const Tensor da = run.output(0, {rows, n}), db = run.output(1, {rows, m});
  if (!run.ok()) return;
  std::atomic<bool> unknown{false};
  parallel(rows, rows * (n + m + k), [&](int64_t begin, int64_t end, int) {
    std::memset(da.floats() + begin * n, 0, (end - begin) * n * sizeof(float));
    std::memset(db.floats() + begin * m, 0, (end - begin) * m * sizeof(float));
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t at = row * k; at < (row + 1) * k; ++at) {
        const int64_t pair = pairs.ints()[at];
        const int64_t i = placeOf(pair / size, numbered < 1 ? nullptr : items.ints() + row * n, n);
        const int64_t j = placeOf(pair % size, numbered < 2 ? nullptr : others.ints() + row * m, m);
        if (pair < 0 || i >= n || j >= m) {
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

const Ops ops{
    op<topPairs>("NeverendTopPairs",
                 {"a: float", "b: float", "items: int32", "others: int32"},
                 {"sums: float", "pairs: int32"}, {"k: int", "size: int", "numbered: int"}),
    op<topPairsGrad>("NeverendTopPairsGrad",
                     {"dsums: float", "pairs: int32", "items: int32", "others: int32"},
                     {"da: float", "db: float"},
                     {"n: int", "m: int", "size: int", "numbered: int"})};

}  // namespace

}  // namespace neverend
