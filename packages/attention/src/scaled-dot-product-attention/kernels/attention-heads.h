// Attention of one head, forward and backward, included by attention.cc once for each set of vector instructions.

// Each part may be read a little beyond its end: the rows of a product are those of whole tiles.
constexpr int64_t kAlign = 32;

struct Scratch {
  float* at;
  float* take(int64_t size) {
    float* part = at;
    at += roundUp(size + kAlign / 2, kAlign / 2);
    return part;
  }
};

// Columns of a row of scores: whole vectors.
NEVEREND_INLINE int64_t scoreWidth(const Attention& of) { return roundUp(of.keys, kLanes); }

NEVEREND_INLINE int64_t blockRows(const Attention& of) {
  return roundUp(of.block < of.queries ? of.block : of.queries, kTileRows);
}

NEVEREND_INLINE void fillZero(float* x, int64_t size) {
  for (int64_t i = 0; i < size; ++i) x[i] = 0;
}

// Rows of `width`, `stride` floats apart, one after the other, and zeros up to a whole number of tiles.
void copyRows(const float* __restrict x, int64_t stride, int64_t rows, int64_t width,
              float* __restrict y) {
  for (int64_t i = 0; i < rows; ++i, x += stride, y += width) {
    for (int64_t j = 0; j < width; ++j) y[j] = x[j];
  }
  fillZero(y, (roundUp(rows, kTileRows) - rows) * width);
}

// The first `width` numbers of each row, to rows that are `stride` floats apart.
void storeRows(const float* __restrict x, int64_t xStride, int64_t rows, int64_t width,
               float* __restrict y, int64_t stride) {
  for (int64_t i = 0; i < rows; ++i, x += xStride, y += stride) {
    for (int64_t j = 0; j < width; ++j) y[j] = x[j];
  }
}

// How many keys query i can see at most.
NEVEREND_INLINE int64_t visibleKeys(const Attention& of, int64_t i) {
  const int64_t count = i + of.causalOffset + 1;
  return count < 0 ? 0 : count > of.keys ? of.keys : count;
}

constexpr float kInfinity = __builtin_inff();

NEVEREND_INLINE bool isFinite(float x) { return x - x == 0; }

NEVEREND_INLINE const float* maskAt(const Attention& of, int64_t row, int64_t head, int64_t i) {
  return of.mask + row * of.maskRow + head * of.maskHead + i * of.maskQuery;
}

// Whether some query may not see some key.
NEVEREND_INLINE bool hides(const Attention& of) { return of.masked || visibleKeys(of, 0) < of.keys; }

// Whether query i sees key j.
NEVEREND_INLINE bool sees(const Attention& of, int64_t row, int64_t head, int64_t i, int64_t j) {
  if (j >= visibleKeys(of, i)) return false;
  return !of.masked || maskAt(of, row, head, i)[j * of.maskKey] != -kInfinity;
}

// Makes the numbers of query i 0 for the keys that it does not see, up to `columns`.
void hide(const Attention& of, int64_t row, int64_t head, int64_t i, float* s, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    if (!sees(of, row, head, i, j)) s[j] = 0;
  }
}

// Makes e^(score - largest) of the scores of query i, 0 for hidden keys up to `columns`. Answers 1 over their sum, or 0
// where the query sees no key.
float exponentials(const Attention& of, int64_t row, int64_t head, int64_t i, float* __restrict s,
                   int64_t columns) {
  const int64_t visible = visibleKeys(of, i);
  if (of.masked) {
    const float* __restrict mask = maskAt(of, row, head, i);
    // -Infinity hides whatever was there.
    if (of.maskKey == 0) {
      const float added = mask[0];
      for (int64_t j = 0; j < visible; ++j) s[j] = added == -kInfinity ? added : s[j] + added;
    } else {
      for (int64_t j = 0; j < visible; ++j) s[j] = mask[j] == -kInfinity ? mask[j] : s[j] + mask[j];
    }
  }
  // A finite number: of two infinities the difference would be none.
  float top = -3.40282347e38f;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < visible; ++j) top = s[j] > top ? s[j] : top;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < visible; ++j) {
    const float e = exponential(s[j] - top);
    s[j] = e;
    sum += e;
  }
  for (int64_t j = visible; j < columns; ++j) s[j] = 0;
  return sum == 0 ? 0 : 1.0f / sum;
}

// Rows whose numbers are not all finite, by their indices. A weight of 0 times what they hold could be NaN: `takeStrays` leaves
// zeros of them, and `addRows` and `addColumns` take them to those alone who see them.
struct Strays {
  int32_t* list;
  int64_t count;
};

// Of the rows of x, which `packRows` has packed.
Strays takeStrays(const Attention& of, const float* x, int64_t stride, int64_t rows, int64_t width,
                  float* packed, float* list) {
  Strays strays{reinterpret_cast<int32_t*>(list), 0};
  if (!hides(of)) return strays;
  for (int64_t i = 0; i < rows; ++i, x += stride) {
    float zeros = 0;
#pragma omp simd reduction(+ : zeros)
    for (int64_t j = 0; j < width; ++j) zeros += x[j] - x[j];
    if (zeros == 0) continue;
    strays.list[strays.count++] = static_cast<int32_t>(i);
    for (int64_t j = 0; j < width; j += kPanel) fillZero(packed + j * rows + i * kPanel, kPanel);
  }
  return strays;
}

NEVEREND_INLINE void addMultiple(float* z, const float* x, float factor, int64_t width) {
  for (int64_t c = 0; c < width; ++c) z[c] += factor * x[c];
}

// y[j] = what dropout multiplies the weight of key j by.
void dropoutFactors(const Attention& of, int64_t row, int64_t head, int64_t i, float* y,
                    int64_t columns) {
  const uint64_t first = ((row * of.heads + head) * of.queries + i) * of.keys;
  uint32_t words[4];
  uint64_t block = ~uint64_t{0};
  for (int64_t j = 0; j < columns; ++j) {
    const uint64_t index = first + j;
    if (index / 4 != block) {
      block = index / 4;
      philox(block, of.keyLow, of.keyHigh, words);
    }
    y[j] = words[index % 4] >> 8 < of.threshold ? 0.0f : of.kept;
  }
}

// Where the query `first` of a block is, and how many it has.
struct Block {
  int64_t row, head, first, count, columns;
};

NEVEREND_INLINE Block blockAt(const Attention& of, int64_t unit) {
  const int64_t blocks = of.blocks(), first = unit % blocks * of.block;
  const int64_t left = of.queries - first, count = left < of.block ? left : of.block;
  // Whole tiles: as rows of a product they must not reach into keys that have no weights.
  const int64_t seen = roundUp(visibleKeys(of, first + count - 1), kTileRows);
  return {unit / blocks / of.heads, unit / blocks % of.heads, first, count,
          seen < of.keys ? seen : of.keys};
}

// Adds to each of the block's rows of z its numbers s of stray keys, each times `scale` and the key's row of x.
void addRows(const Attention& of, const Block& block, const Strays& strays, const float* s,
             int64_t sWidth, float scale, const float* x, int64_t stride, int64_t width, float* z,
             int64_t zWidth) {
  for (int64_t n = 0; n < strays.count; ++n) {
    const int64_t j = strays.list[n];
    for (int64_t i = 0; i < block.count; ++i) {
      if (!sees(of, block.row, block.head, block.first + i, j)) continue;
      addMultiple(z + i * zWidth, x + j * stride, scale * s[i * sWidth + j], width);
    }
  }
}

// Adds to each key's row of z the numbers s of stray queries of the block, each times `scale` and the query's row of x.
void addColumns(const Attention& of, const Block& block, const Strays& strays, const float* s,
                int64_t sWidth, float scale, const float* x, int64_t stride, int64_t width,
                float* z, int64_t zWidth) {
  for (int64_t n = 0; n < strays.count; ++n) {
    const int64_t i = strays.list[n];
    for (int64_t j = 0; j < block.columns; ++j) {
      if (!sees(of, block.row, block.head, block.first + i, j)) continue;
      addMultiple(z + j * zWidth, x + i * stride, scale * s[i * sWidth + j], width);
    }
  }
}

int64_t forwardScratch(const Attention& of) {
  const int64_t rows = blockRows(of);
  return packedSize(of.depth, of.keys) + packedSize(of.keys, of.valueDepth) + rows * of.depth +
         rows * scoreWidth(of) + rows * roundUp(of.valueDepth, kLanes) + 2 * of.keys + 7 * kAlign;
}

// The blocks of queries `begin` up to `end`, counted through all heads.
void forwardBlocks(const Attention& of, int64_t begin, int64_t end, float* memory) {
  const int64_t rows = blockRows(of), width = scoreWidth(of);
  const int64_t outWidth = roundUp(of.valueDepth, kLanes);
  Scratch scratch{memory};
  float* keys = scratch.take(packedSize(of.depth, of.keys));
  float* values = scratch.take(packedSize(of.keys, of.valueDepth));
  float* queries = scratch.take(rows * of.depth);
  float* scores = scratch.take(rows * width);
  float* out = scratch.take(rows * outWidth);
  float* factors = scratch.take(of.keys);
  float* list = scratch.take(of.keys);
  const int64_t valueStride = of.heads * of.valueDepth;
  Strays strays{};
  for (int64_t unit = begin; unit < end; ++unit) {
    const Block block = blockAt(of, unit);
    const auto [row, head, first, count, columns] = block;
    const float* v = of.v + of.valueAt(row, head);
    if (unit == begin || first == 0) {
      packTransposed(of.k + of.keyAt(row, head), of.heads * of.depth, of.depth, of.keys, of.scale,
                     keys);
      packRows(v, valueStride, of.keys, of.valueDepth, 1, values);
      strays = takeStrays(of, v, valueStride, of.keys, of.valueDepth, values, list);
    }
    copyRows(of.q + of.queryAt(row, head, first), of.heads * of.depth, count, of.depth, queries);
    multiply<false>({queries, of.depth, 1}, {keys, of.depth}, of.depth, count, columns, scores,
                    width);
    float over[kMaxBlock];
    for (int64_t i = 0; i < count; ++i) {
      float* s = scores + i * width;
      over[i] = exponentials(of, row, head, first + i, s, columns);
      if (of.threshold == 0) continue;
      dropoutFactors(of, row, head, first + i, factors, columns);
      for (int64_t j = 0; j < columns; ++j) s[j] *= factors[j];
    }
    multiply<false>({scores, width, 1}, {values, of.keys}, columns, count, of.valueDepth, out,
                    outWidth);
    addRows(of, block, strays, scores, width, 1, v, valueStride, of.valueDepth, out, outWidth);
    float* y = of.y + of.outAt(row, head, first);
    for (int64_t i = 0; i < count; ++i, y += valueStride) {
      for (int64_t j = 0; j < of.valueDepth; ++j) y[j] = out[i * outWidth + j] * over[i];
    }
  }
}

int64_t backwardScratch(const Attention& of) {
  const int64_t rows = blockRows(of), keyRows = roundUp(of.keys, kTileRows);
  const int64_t depthWidth = roundUp(of.depth, kLanes), valueWidth = roundUp(of.valueDepth, kLanes);
  return packedSize(of.depth, of.keys) + packedSize(of.valueDepth, of.keys) +
         packedSize(of.keys, of.depth) + rows * (of.depth + of.valueDepth) +
         packedSize(rows, of.depth) + packedSize(rows, of.valueDepth) + 3 * rows * scoreWidth(of) +
         rows * depthWidth + keyRows * (depthWidth + valueWidth) + of.keys + 2 * rows + 16 * kAlign;
}

float dot(const float* __restrict x, const float* __restrict y, int64_t size) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < size; ++j) sum += x[j] * y[j];
  return sum;
}

// dweights becomes the gradient of the scores, and dropped, where there is dropout, the weights after it.
void scoresGradient(const Attention& of, const Block& block, int64_t width,
                    const float* __restrict weights, float* __restrict dweights,
                    float* __restrict dropped) {
  for (int64_t i = 0; i < block.count; ++i, weights += width, dweights += width, dropped += width) {
    if (of.threshold > 0) {
      dropoutFactors(of, block.row, block.head, block.first + i, dropped, block.columns);
      for (int64_t j = 0; j < block.columns; ++j) {
        dweights[j] *= dropped[j];
        dropped[j] *= weights[j];
      }
    }
    float along = dot(weights, dweights, block.columns);
    const bool mayMeet = hides(of);
    const auto hideHere = [&] {
      hide(of, block.row, block.head, block.first + i, dweights, block.columns);
    };
    // A hidden key's value may have met dy.
    if (mayMeet && !isFinite(along)) {
      hideHere();
      along = dot(weights, dweights, block.columns);
    }
    for (int64_t j = 0; j < block.columns; ++j) dweights[j] = weights[j] * (dweights[j] - along);
    if (mayMeet && !isFinite(along)) hideHere();
  }
}

// The heads `begin` up to `end`, counted through all rows.
void backwardHeads(const Attention& of, int64_t begin, int64_t end, float* memory) {
  const int64_t rows = blockRows(of), width = scoreWidth(of);
  const int64_t keyRows = roundUp(of.keys, kTileRows);
  const int64_t depth = of.depth, valueDepth = of.valueDepth;
  const int64_t depthWidth = roundUp(depth, kLanes), valueWidth = roundUp(valueDepth, kLanes);
  const int64_t stride = of.heads * depth, valueStride = of.heads * valueDepth;
  Scratch scratch{memory};
  float* keysTransposed = scratch.take(packedSize(depth, of.keys));
  float* valuesTransposed = scratch.take(packedSize(valueDepth, of.keys));
  float* keys = scratch.take(packedSize(of.keys, depth));
  float* queries = scratch.take(rows * depth);
  float* packedQueries = scratch.take(packedSize(rows, depth));
  float* dy = scratch.take(rows * valueDepth);
  float* packedDy = scratch.take(packedSize(rows, valueDepth));
  float* weights = scratch.take(rows * width);
  float* dscores = scratch.take(rows * width);
  float* dropped = scratch.take(rows * width);
  float* dq = scratch.take(rows * depthWidth);
  float* dk = scratch.take(keyRows * depthWidth);
  float* dv = scratch.take(keyRows * valueWidth);
  float* keyList = scratch.take(of.keys);
  float* queryList = scratch.take(rows);
  float* dyList = scratch.take(rows);
  Strays strayKeys{};
  for (int64_t unit = begin * of.blocks(); unit < end * of.blocks(); ++unit) {
    const Block block = blockAt(of, unit);
    const auto [row, head, first, count, columns] = block;
    const float* k = of.k + of.keyAt(row, head);
    if (first == 0) {
      packTransposed(k, stride, depth, of.keys, of.scale, keysTransposed);
      packTransposed(of.v + of.valueAt(row, head), valueStride, valueDepth, of.keys, 1,
                     valuesTransposed);
      packRows(k, stride, of.keys, depth, of.scale, keys);
      strayKeys = takeStrays(of, k, stride, of.keys, depth, keys, keyList);
      fillZero(dk, keyRows * depthWidth);
      fillZero(dv, keyRows * valueWidth);
    }
    const float* q = of.q + of.queryAt(row, head, first);
    const float* dyHere = of.dy + of.outAt(row, head, first);
    copyRows(q, stride, count, depth, queries);
    packRows(q, stride, count, depth, of.scale, packedQueries);
    const Strays strayQueries = takeStrays(of, q, stride, count, depth, packedQueries, queryList);
    copyRows(dyHere, valueStride, count, valueDepth, dy);
    packRows(dyHere, valueStride, count, valueDepth, 1, packedDy);
    const Strays strayDy = takeStrays(of, dyHere, valueStride, count, valueDepth, packedDy, dyList);
    multiply<false>({queries, depth, 1}, {keysTransposed, depth}, depth, count, columns, weights,
                    width);
    for (int64_t i = 0; i < count; ++i) {
      float* s = weights + i * width;
      const float over = exponentials(of, row, head, first + i, s, columns);
      for (int64_t j = 0; j < columns; ++j) s[j] *= over;
      if (over != over && hides(of)) hide(of, row, head, first + i, s, columns);
    }
    multiply<false>({dy, valueDepth, 1}, {valuesTransposed, valueDepth}, valueDepth, count, columns,
                    dscores, width);
    scoresGradient(of, block, width, weights, dscores, dropped);
    const float* kept = of.threshold > 0 ? dropped : weights;
    multiply<true>({kept, 1, width}, {packedDy, count}, count, columns, valueDepth, dv, valueWidth);
    addColumns(of, block, strayDy, kept, width, 1, dyHere, valueStride, valueDepth, dv, valueWidth);
    multiply<true>({dscores, 1, width}, {packedQueries, count}, count, columns, depth, dk,
                   depthWidth);
    addColumns(of, block, strayQueries, dscores, width, of.scale, q, stride, depth, dk, depthWidth);
    multiply<false>({dscores, width, 1}, {keys, of.keys}, columns, count, depth, dq, depthWidth);
    addRows(of, block, strayKeys, dscores, width, of.scale, k, stride, depth, dq, depthWidth);
    storeRows(dq, depthWidth, count, depth, of.dq + of.queryAt(row, head, first), stride);
    if (first + count < of.queries) continue;
    storeRows(dk, depthWidth, of.keys, depth, of.dk + of.keyAt(row, head), stride);
    storeRows(dv, valueWidth, of.keys, valueDepth, of.dv + of.valueAt(row, head), valueStride);
  }
}
