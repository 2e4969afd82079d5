#pragma once

// Before a function whose loops the compiler is to vectorize for each instruction set named ("avx2", "avx512f"): it is
// compiled once for each and once without, and the processor's best is taken when the program starts. For loops over
// bytes that no compiler vectorizes there is byte_kernels.h.
//
// "avx512f" and "fma" let products and sums be fused, which rounds once less: where results must be the same on every
// processor, "avx2" alone.
#if defined(__x86_64__) && defined(__GNUC__)
#define CAMSWEEP_VECTOR_CLONES(...) __attribute__((target_clones(__VA_ARGS__, "default")))
#else
#define CAMSWEEP_VECTOR_CLONES(...)
#endif
