// A part of a linear layer, included by linear.cc once for each set of vector instructions.

// Rows that a thread goes through with a panel after the other, and the depth that it goes through at a time: a panel of so many
// rows stays in the first-level cache, and that part of x in the second.
constexpr int64_t kBlockRows = 96;
constexpr int64_t kBlockDepth = 384;

// y = act(y + bias) + residual, for the `columns` columns of a panel.
NEVEREND_INLINE void finishRow(float* __restrict y, const float* __restrict bias,
                               const float* __restrict residual, bool gelu, int64_t columns) {
  if (gelu) {
    for (int64_t j = 0; j < columns; ++j) {
      const float value = y[j] + bias[j];
      y[j] = value * share<true>(value);
    }
  } else {
    for (int64_t j = 0; j < columns; ++j) y[j] += bias[j];
  }
  if (residual == nullptr) return;
  for (int64_t j = 0; j < columns; ++j) y[j] += residual[j];
}

void finish(float* y, const float* bias, const float* residual, bool gelu, int64_t stride,
            int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i, y += stride) {
    // A constant, so that the compiler makes no loop of it.
    if (columns == kPanel) finishRow(y, bias, residual, gelu, kPanel);
    else finishRow(y, bias, residual, gelu, columns);
    if (residual != nullptr) residual += stride;
  }
}

// Floats of scratch memory that a part needs.
int64_t scratchSize(const Linear& of) {
  return of.depth % 1024 == 0 ? kBlockRows * (kBlockDepth + kLanes) : 0;
}

// The rows and panels from `begin` up to `end`.
void linearPart(const Linear& of, Range rows, Range panels, float* scratch) {
  // Rows that begin at the same place of each cache line's set would push each other out.
  const bool copies = scratchSize(of) > 0;
  const int64_t blocks = (of.depth + kBlockDepth - 1) / kBlockDepth;
  const int64_t most = (of.depth + blocks - 1) / blocks;
  for (int64_t i = rows.begin; i < rows.end; i += kBlockRows) {
    const int64_t height = rows.end - i < kBlockRows ? rows.end - i : kBlockRows;
    for (int64_t k = 0; k < of.depth; k += most) {
      const int64_t depth = of.depth - k < most ? of.depth - k : most;
      const float* x = of.x + i * of.depth + k;
      int64_t stride = of.depth;
      if (copies) {
        stride = kBlockDepth + kLanes;
        for (int64_t row = 0; row < height; ++row) {
          for (int64_t j = 0; j < depth; ++j) scratch[row * stride + j] = x[row * of.depth + j];
        }
        x = scratch;
      }
      for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
        const int64_t column = panel * kPanel, at = i * of.columns + column;
        const int64_t left = of.columns - column, width = left < kPanel ? left : kPanel;
        const float* weights = of.packed + panel * of.depth * kPanel + k * kPanel;
        timesPanel(x, stride, height, weights, depth, width, of.y + at, of.columns, k > 0);
        if (k + depth < of.depth) continue;
        const float* residual = of.residual == nullptr ? nullptr : of.residual + at;
        finish(of.y + at, of.bias + column, residual, of.gelu, of.columns, height, width);
      }
    }
  }
}
