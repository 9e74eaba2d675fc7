// What the norms over the last axis share.
#pragma once

#include <neverend/op.h>

namespace neverend {

inline void requireWidth(Run& run, const Tensor& x, const Tensor& vector, const char* message) {
  if (run.ok()) run.require(vector.rank() == 1 && vector.size() == x.columns(), message);
}

constexpr char kGain[] = "gain must be [D] with the D of x's last axis";

}  // namespace neverend
