// Included by Oracle.c for each instruction set.
//
// Eight terms share one load and one store of the result; they are added one after the other.

/// The sum in f64, or each partial sum rounded to f32.
static inline double NAME(partial)(double sum, bool single) { return single ? (double)(float)sum : sum; }

__attribute__((always_inline)) static inline void NAME(multiply_add_as)(matrix_product k, const bool single) {
  int64_t t = 0;
  for (; t + 8 <= k.terms; t += 8)
    for (int64_t row = 0; row < k.rows; row++) {
      const double *a = k.a + row * k.a_row + t * k.a_term, *x = k.x + t * k.x_term;
      double *y = k.y + row * k.y_row;
      INDEPENDENT for (int64_t i = 0; i < k.count; i++) {
        double sum = y[i];
#pragma clang loop unroll(full)
        for (int64_t j = 0; j < 8; j++) sum = NAME(partial)(sum + a[j * k.a_term] * x[j * k.x_term + i], single);
        y[i] = sum;
      }
    }
  for (; t < k.terms; t++)
    for (int64_t row = 0; row < k.rows; row++) {
      const double a = k.a[row * k.a_row + t * k.a_term], *x = k.x + t * k.x_term;
      double *y = k.y + row * k.y_row;
      INDEPENDENT for (int64_t i = 0; i < k.count; i++) y[i] = NAME(partial)(y[i] + a * x[i], single);
    }
}

static void NAME(multiply_add)(matrix_product k) { NAME(multiply_add_as)(k, false); }
static void NAME(multiply_add_single)(matrix_product k) { NAME(multiply_add_as)(k, true); }

static const loops NAME(table) = {{NAME(multiply_add), NAME(multiply_add_single)}};
