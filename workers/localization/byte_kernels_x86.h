#pragma once

#include "workers/localization/byte_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define CAMSWEEP_X86_KERNELS

namespace camsweep {

bool has_avx2();
bool has_avx512();  // F, BW and VL

extern const ByteKernels kAvx2Kernels;
extern const ByteKernels kAvx512Kernels;

}  // namespace camsweep
#endif
