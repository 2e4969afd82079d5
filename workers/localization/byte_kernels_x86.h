#pragma once

#include "workers/localization/byte_kernels.h"

#ifdef CAMSWEEP_X86_KERNELS
namespace camsweep {

extern const ByteKernels kAvx2Kernels;
extern const ByteKernels kAvx512Kernels;

}  // namespace camsweep
#endif
