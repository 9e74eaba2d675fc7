// The best of many scores with the numbers of their items.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <neverend/simd.h>

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
NEVEREND_INLINE float ordered(float score) {
  return score == score ? score : __builtin_inff();
}

// Candidates that are ranked together, and of how many best at most.
constexpr int64_t kFew = 64, kFewBest = 32;

// A number that is larger for what comes before: the bits of a score rise with it once those of negative ones are turned round.
NEVEREND_INLINE int64_t sortKey(float score, int64_t item) {
  const int32_t bits = __builtin_bit_cast(int32_t, score + 0.0f);
  const int32_t rising = bits ^ ((bits >> 31) & 0x7fffffff);
  return static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(rising)) << 32 |
                              (0xffffffffu - static_cast<uint32_t>(item)));
}

// How many keys come before each. All differ; `count` is a multiple of 8.
NEVEREND_VECTORISED void rankKeys(const int64_t* __restrict keys, int64_t count,
                                  int64_t* __restrict ranks) {
  for (int64_t i = 0; i < count; i += 8) {
    int64_t before[8] = {};
    for (int64_t j = 0; j < count; ++j) {
      const int64_t key = keys[j];
      for (int64_t lane = 0; lane < 8; ++lane) before[lane] += key > keys[i + lane] ? 1 : 0;
    }
    for (int64_t lane = 0; lane < 8; ++lane) ranks[i + lane] = before[lane];
  }
}

// The best of all that it was offered. Where they are few, candidates are gathered and ranked all at once, which no branch depends on; else they are a heap
// with the last of them on top.
class Best {
 public:
  // For at most `most` entries; it keeps memory.
  void begin(int64_t most) {
    most_ = most;
    count_ = 0;
    least_ = -__builtin_inff();
    entries_.clear();
    entries_.reserve(most);
  }

  int64_t most() const { return most_; }

  // Below this score nothing is among the best: -infinity while there are too few, or while nobody has ranked them.
  float least() const {
    if (isFew()) return least_;
    return isFull() ? entries_.front().score : -__builtin_inff();
  }

  void offer(const Entry& entry) {
    if (isFew()) {
      if (count_ == kFew) rank();
      few_[count_] = entry;
      keys_[count_++] = sortKey(entry.score, entry.item);
    } else if (!isFull()) {
      entries_.push_back(entry);
      std::push_heap(entries_.begin(), entries_.end(), isBefore);
    } else if (isBefore(entry, entries_.front())) {
      replaceLast(entry);
    }
  }

  // Keeps the best of the candidates, in their order.
  void rank() {
    if (!isFew()) return;
    int64_t padded = count_;
    for (; padded % 8 != 0; ++padded) keys_[padded] = std::numeric_limits<int64_t>::min() + padded;
    int64_t ranks[kFew];
    rankKeys(keys_, padded, ranks);
    Entry kept[kFewBest];
    int64_t keys[kFewBest];
    for (int64_t at = 0; at < count_; ++at) {
      if (ranks[at] >= most_) continue;
      kept[ranks[at]] = few_[at];
      keys[ranks[at]] = keys_[at];
    }
    count_ = std::min(count_, most_);
    std::copy(kept, kept + count_, few_);
    std::copy(keys, keys + count_, keys_);
    if (count_ == most_) least_ = few_[count_ - 1].score;
  }

  // All of them, the best first. It is at its end then.
  const std::vector<Entry>& sorted() {
    if (isFew()) {
      rank();
      entries_.assign(few_, few_ + count_);
    } else {
      std::sort_heap(entries_.begin(), entries_.end(), isBefore);
    }
    return entries_;
  }

 private:
  bool isFew() const { return most_ <= kFewBest; }
  bool isFull() const { return static_cast<int64_t>(entries_.size()) == most_; }

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

  int64_t most_ = 0, count_ = 0;
  float least_ = 0;
  Entry few_[kFew];
  int64_t keys_[kFew];
  std::vector<Entry> entries_;
};

// Scores are looked at in groups of every 64th.
constexpr int64_t kGroups = 64;

// The largest score of each group.
NEVEREND_VECTORISED void largestOfGroups(const float* __restrict scores, int64_t count,
                                         float* __restrict largest) {
  for (int64_t g = 0; g < kGroups; ++g) largest[g] = -__builtin_inff();
  int64_t j = 0;
  for (; j + kGroups <= count; j += kGroups) {
    for (int64_t g = 0; g < kGroups; ++g) {
      const float score = ordered(scores[j + g]);
      largest[g] = score > largest[g] ? score : largest[g];
    }
  }
  for (int64_t g = 0; j + g < count; ++g) {
    const float score = ordered(scores[j + g]);
    largest[g] = score > largest[g] ? score : largest[g];
  }
}

// A number that at least k of the groups' largest scores reach, and few more: that many scores reach it then, too.
NEVEREND_VECTORISED float reachedBy(int64_t k, const float* __restrict largest) {
  float low = largest[0], high = largest[0];
  for (int64_t g = 1; g < kGroups; ++g) {
    low = largest[g] < low ? largest[g] : low;
    high = largest[g] > high ? largest[g] : high;
  }
  for (int halvings = 0; halvings < 8; ++halvings) {
    const float middle = 0.5f * low + 0.5f * high;
    // Infinities have no middle.
    if (!(middle > low && middle < high)) break;
    int32_t count = 0;
    for (int64_t g = 0; g < kGroups; ++g) count += largest[g] >= middle ? 1 : 0;
    (count >= k ? low : high) = middle;
  }
  return low;
}

// Offers a row of scores, whose items are numbered from `first` on: all that can be among the best, and few more.
inline void offerRow(const float* scores, int64_t count, int64_t first, Best& best) {
  if (count < 2 * kGroups || best.most() > kFewBest) {
    for (int64_t j = 0; j < count; ++j) {
      // Not a number is not below either.
      if (!(scores[j] < best.least())) best.offer({ordered(scores[j]), first + j});
    }
    return;
  }
  float largest[kGroups];
  largestOfGroups(scores, count, largest);
  const float least = std::max(best.least(), reachedBy(best.most(), largest));
  for (int64_t g = 0; g < kGroups; ++g) {
    if (largest[g] < least) continue;
    for (int64_t j = g; j < count; j += kGroups) {
      if (!(scores[j] < least)) best.offer({ordered(scores[j]), first + j});
    }
  }
}

}  // namespace
}  // namespace neverend
