// Times the passes of Winograd's convolutions, one thread, on the shapes of the published network.
//
//   clang -O2 -ISources/Kernels/include Benchmarks/winograd.c Sources/Kernels/{Winograd,Team,InstructionSet}.c \
//     -l:libgomp.so.1 -o /tmp/winograd && taskset -c 0 /tmp/winograd [IMAGES]
//
// A line a shape: milliseconds of the fastest of nine runs, and in brackets the billion operations a second that plain sums would need
// for it. oneDNN's times for its own convolutions are what DNNL_VERBOSE=2 prints in a program that uses them.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "Kernels.h"

enum { runs = 9, passes = 4 };

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/// At the start of a line of the caches, as the program's buffers are.
static float *random_floats(int64_t count) {
  float *values = aligned_alloc(64, ((size_t)count * sizeof *values + 63) / 64 * 64);
  for (int64_t i = 0; i < count; i++) values[i] = 2e-9f * (float)rand() - 1;
  return values;
}

static kernels_view dense(float *data, int64_t images, int64_t size, int64_t channels) {
  return (kernels_view){data, kernels_f32, images, size, size, channels, 1, size * size * channels, size * channels, channels};
}

static void measure(int64_t images, int64_t in, int64_t out, int64_t size) {
  float *x = random_floats(images * size * size * in), *y = random_floats(images * size * size * out);
  float *weights = random_floats(9 * in * out), *bias = random_floats(out), *gradient = random_floats(9 * in * out);
  const int64_t points = kernels_winograd_weights_count(in, out);
  float *packed = random_floats(points), *packed_backward = random_floats(points);
  float *scratch = random_floats(kernels_winograd_scratch_count(in, out, true));
  const kernels_view src = dense(x, images, size, in), dst = dense(y, images, size, out);
  kernels_winograd_pack(weights, in, out, true, packed_backward);
  double best[passes] = {1e9, 1e9, 1e9, 1e9};
  for (int run = 0; run < runs; run++) {
    double spent[passes], before = milliseconds();
    for (int pass = 0; pass < passes; pass++) {
      switch (pass) {
        case 0: kernels_winograd_pack(weights, in, out, false, packed); break;
        case 1: kernels_winograd_convolution(&src, packed, bias, &dst, scratch); break;
        case 2: kernels_winograd_convolution(&dst, packed_backward, 0, &src, scratch); break;
        case 3: kernels_winograd_backward_weights(&src, &dst, gradient, scratch); break;
      }
      const double after = milliseconds();
      spent[pass] = after - before;
      before = after;
    }
    for (int i = 0; i < passes; i++)
      if (spent[i] < best[i]) best[i] = spent[i];
  }
  const double operations = 18e-6 * (double)(images * size * size * in * out);
  printf("%3ld->%3ld at %2ldx%-2ld  weights' transform %.2f  forward %.2f (%.0f)  gradient of src %.2f (%.0f)  of weights %.2f (%.0f)\n",
         (long)in, (long)out, (long)size, (long)size, best[0], best[1], operations / best[1], best[2], operations / best[2], best[3],
         operations / best[3]);
  float *all[] = {x, y, weights, bias, gradient, packed, packed_backward, scratch};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

int main(int argc, char **argv) {
  const int64_t images = argc > 1 ? atoi(argv[1]) : 16;
  const int64_t shapes[][3] = {{64, 64, 32}, {128, 64, 32}, {64, 128, 16}, {128, 128, 16}, {256, 128, 16}, {128, 256, 8}, {256, 256, 8}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    if (!kernels_winograd_fits(shapes[i][2], shapes[i][2], shapes[i][0], shapes[i][1])) return fprintf(stderr, "needs AVX2\n"), 1;
    measure(images, shapes[i][0], shapes[i][1], shapes[i][2]);
  }
}
