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

// The best of all that it was offered, the last of them on top.
class Best {
 public:
  // For at most `most` entries; it keeps memory.
  void begin(int64_t most) {
    most_ = most;
    entries_.clear();
    entries_.reserve(most);
  }

  int64_t most() const { return most_; }
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
  if (count < 2 * kGroups || best.most() > kGroups / 2) {
    for (int64_t j = 0; j < count; ++j) {
      if (best.isFull() && scores[j] < best.last().score) continue;
      best.offer({ordered(scores[j]), first + j});
    }
    return;
  }
  float largest[kGroups];
  largestOfGroups(scores, count, largest);
  const float least = best.isFull() ? best.last().score : reachedBy(best.most(), largest);
  for (int64_t g = 0; g < kGroups; ++g) {
    if (largest[g] < least) continue;
    for (int64_t j = g; j < count; j += kGroups) {
      // Not a number is not below either.
      if (!(scores[j] < least)) best.offer({ordered(scores[j]), first + j});
    }
  }
}

}  // namespace
}  // namespace neverend
