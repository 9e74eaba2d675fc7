// Products of small matrices in scratch memory, for one set of vector instructions: a file that has functions for several
// includes this once for each, in a namespace and under a `#pragma GCC target` of its own, with NEVEREND_LANES floats in a
// vector and NEVEREND_VECTORS of them in a row of a tile. Nothing of the standard library may be used here: the linker
// would take one of several copies for all processors.

constexpr int64_t kLanes = NEVEREND_LANES;
// Columns of a panel: the right factor of a product is packed as [panels][depth][kPanel], with zeros in missing columns.
constexpr int64_t kPanel = kLanes * NEVEREND_VECTORS;
// Rows of a tile. The left factor and the product need memory for a whole number of them.
constexpr int64_t kTileRows = 6;

typedef float Vector __attribute__((vector_size(4 * NEVEREND_LANES)));
// A vector that may lie anywhere in memory.
typedef float Loose __attribute__((vector_size(4 * NEVEREND_LANES), aligned(4), may_alias));

NEVEREND_INLINE int64_t roundUp(int64_t size, int64_t to) { return (size + to - 1) / to * to; }

// The number of floats of a packed right factor.
NEVEREND_INLINE int64_t packedSize(int64_t depth, int64_t columns) {
  return depth * roundUp(columns, kPanel);
}

// c[6][kVectors vectors] = a b, or += a b.
template <int kVectors, bool kAdd>
NEVEREND_INLINE void tile(const float* a, int64_t row, int64_t step, const float* b, int64_t depth,
                          float* c, int64_t width) {
  Vector sums[kTileRows][kVectors];
#pragma GCC unroll 6
  for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sums[i][v] = kAdd ? *reinterpret_cast<const Loose*>(c + i * width + v * kLanes) : Vector{};
    }
  }
  for (int64_t k = 0; k < depth; ++k, a += step, b += kPanel) {
    Vector right[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) right[v] = *reinterpret_cast<const Loose*>(b + v * kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < kTileRows; ++i) {
      const float left = a[i * row];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[i][v] += left * right[v];
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      *reinterpret_cast<Loose*>(c + i * width + v * kLanes) = sums[i][v];
    }
  }
}

template <int kVectors, bool kAdd>
void tiles(const float* a, int64_t row, int64_t step, const float* b, int64_t depth, int64_t rows,
           float* c, int64_t width) {
  for (int64_t i = 0; i < rows; i += kTileRows) {
    tile<kVectors, kAdd>(a + i * row, row, step, b, depth, c + i * width, width);
  }
}

// A left factor: rows `row` floats apart, columns `step`, so that it may be a transposed matrix.
struct Left {
  const float* at;
  int64_t row;
  int64_t step;
};

// A packed right factor, of so many rows.
struct Right {
  const float* at;
  int64_t depth;
};

// c[rows][columns] = a[rows][depth] b[depth][columns], or += a b. Rows of c are `width` apart, and hold whole vectors.
template <bool kAdd>
void multiply(const Left& a, const Right& b, int64_t depth, int64_t rows, int64_t columns, float* c,
              int64_t width) {
  const float* panel = b.at;
  for (int64_t j = 0; j < columns; j += kPanel, panel += b.depth * kPanel) {
    const int64_t vectors = (columns - j + kLanes - 1) / kLanes;
    const auto work = vectors == 1 ? tiles<1, kAdd>
#if NEVEREND_VECTORS == 4
                      : vectors == 2 ? tiles<2, kAdd>
                      : vectors == 3 ? tiles<3, kAdd>
#endif
                                     : tiles<NEVEREND_VECTORS, kAdd>;
    work(a.at, a.row, a.step, panel, depth, rows, c + j, width);
  }
}

// Packs scale x [depth][columns], whose rows are `stride` floats apart.
void packRows(const float* __restrict x, int64_t stride, int64_t depth, int64_t columns,
              float scale, float* __restrict packed) {
  for (int64_t j = 0; j < columns; j += kPanel) {
    const int64_t width = columns - j < kPanel ? columns - j : kPanel;
    for (int64_t k = 0; k < depth; ++k, packed += kPanel) {
      const float* from = x + k * stride + j;
      for (int64_t i = 0; i < width; ++i) packed[i] = scale * from[i];
      for (int64_t i = width; i < kPanel; ++i) packed[i] = 0;
    }
  }
}

// Packs scale x' for x [columns][depth], whose rows are `stride` floats apart.
void packTransposed(const float* __restrict x, int64_t stride, int64_t depth, int64_t columns,
                    float scale, float* __restrict packed) {
  for (int64_t j = 0; j < columns; j += kPanel, packed += depth * kPanel) {
    for (int64_t i = 0; i < kPanel; ++i) {
      const float* from = x + (j + i) * stride;
      if (j + i < columns) {
        for (int64_t k = 0; k < depth; ++k) packed[k * kPanel + i] = scale * from[k];
      } else {
        for (int64_t k = 0; k < depth; ++k) packed[k * kPanel + i] = 0;
      }
    }
  }
}
