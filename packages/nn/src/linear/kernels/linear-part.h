// A part of a linear layer, included by linear.cc once for each set of vector instructions.

// Rows that a thread goes through with a panel after the other, and the depth that it goes through at a time: a panel of so many
// rows stays in the first-level cache, and that part of x in the second.
constexpr int64_t kBlockRows = 160;
constexpr int64_t kMostBlockRows = kBlockRows * 3 / 2;
static_assert(kMostBlockRows % kTileRows == 0, "blocks are of whole tiles");
constexpr int64_t kBlockDepth = 384;

// y = act(y + bias) + residual, for the `columns` columns of a panel.
NEVEREND_INLINE void finishRow(float* __restrict y, const float* __restrict bias,
                               const float* __restrict residual, bool gelu, int64_t columns) {
  if (gelu) {
    for (int64_t j = 0; j < columns; ++j) y[j] = geluOf<true>(y[j] + bias[j]);
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

NEVEREND_INLINE int64_t normedStride(const Linear& of) { return of.depth + kLanes; }

// Floats of scratch memory that a part needs.
int64_t scratchSize(const Linear& of) {
  if (of.norm != nullptr) return kMostBlockRows * normedStride(of);
  return of.depth % 1024 == 0 ? kMostBlockRows * (kBlockDepth + kLanes) : 0;
}

// Rows normalised: (x - mean) / deviation for a layer norm, x / root mean square without a shift; then times gain, plus shift.
void normalise(const Linear& of, int64_t first, int64_t rows, float* __restrict y) {
  const Norm& norm = *of.norm;
  const int64_t depth = of.depth;
  for (int64_t row = first; row < first + rows; ++row, y += normedStride(of)) {
    const float* __restrict x = of.x + row * depth;
    float mean = 0, squares = 0;
    if (norm.shift != nullptr) {
#pragma omp simd reduction(+ : mean)
      for (int64_t j = 0; j < depth; ++j) mean += x[j];
      mean /= depth;
      float rest = 0;
#pragma omp simd reduction(+ : rest)
      for (int64_t j = 0; j < depth; ++j) rest += x[j] - mean;
      mean += rest / depth;
    }
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < depth; ++j) squares += (x[j] - mean) * (x[j] - mean);
    const float factor = 1.0f / __builtin_sqrtf(squares / depth + norm.epsilon);
    const float* __restrict scale = norm.scale;
    const float* __restrict shift = norm.shift;
    for (int64_t j = 0; j < depth; ++j) y[j] = (x[j] - mean) * factor * (scale[j] + norm.offset);
    if (shift == nullptr) continue;
    for (int64_t j = 0; j < depth; ++j) y[j] += shift[j];
  }
}

// A panel, counted through all layers, is one of this layer's.
struct Panel {
  const Layer* of;
  int64_t at;
};

NEVEREND_INLINE Panel panelAt(const Linear& of, int64_t panel) {
  const Layer* layer = of.layers;
  for (; panel >= panelsOf(layer->columns); ++layer) panel -= panelsOf(layer->columns);
  return {layer, panel};
}

// The rows and panels from `begin` up to `end`.
void linearPart(const Linear& of, Range rows, Range panels, float* scratch) {
  // Rows that begin at the same place of each cache line's set would push each other out.
  const bool copies = of.norm == nullptr && scratchSize(of) > 0;
  const int64_t blocks = (of.depth + kBlockDepth - 1) / kBlockDepth;
  const int64_t most = (of.depth + blocks - 1) / blocks;
  for (int64_t i = rows.begin, height; i < rows.end; i += height) {
    // Anew for what is left: whole tiles would add up to a last block of few rows.
    const int64_t left = rows.end - i;
    const int64_t tiles = (evenBlock(left, kBlockRows) + kTileRows - 1) / kTileRows;
    height = tiles * kTileRows < left ? tiles * kTileRows : left;
    if (of.norm != nullptr) normalise(of, i, height, scratch);
    for (int64_t k = 0; k < of.depth; k += most) {
      const int64_t depth = of.depth - k < most ? of.depth - k : most;
      const float* x = of.norm != nullptr ? scratch + k : of.x + i * of.depth + k;
      int64_t stride = of.norm != nullptr ? normedStride(of) : of.depth;
      if (copies) {
        stride = kBlockDepth + kLanes;
        for (int64_t row = 0; row < height; ++row) {
          for (int64_t j = 0; j < depth; ++j) scratch[row * stride + j] = x[row * of.depth + j];
        }
        x = scratch;
      }
      for (int64_t index = panels.begin; index < panels.end; ++index) {
        const Panel panel = panelAt(of, index);
        const Layer& layer = *panel.of;
        const int64_t column = panel.at * kPanel, at = i * layer.columns + column;
        const int64_t left = layer.columns - column, width = left < kPanel ? left : kPanel;
        const float* weights = layer.packed + panel.at * of.depth * kPanel + k * kPanel;
        timesPanel(x, stride, height, weights, depth, width, layer.y + at, layer.columns, k > 0);
        if (k + depth < of.depth) continue;
        const float* residual = layer.residual == nullptr ? nullptr : layer.residual + at;
        finish(layer.y + at, layer.bias + column, residual, layer.gelu, layer.columns, height, width);
      }
    }
  }
}
