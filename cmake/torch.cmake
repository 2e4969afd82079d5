# LibTorch out of the `torch` wheel through imported targets of our own. find_package(Torch) is not used:
# on a CUDA wheel it needs a full toolkit and picks architectures that nvcc refuses.
set(CAMSWEEP_VENV "${PROJECT_SOURCE_DIR}/.venv" CACHE PATH "virtual environment that holds the torch wheel")
file(GLOB torch_candidates "${CAMSWEEP_VENV}/lib/python3*/site-packages/torch")
list(GET torch_candidates 0 torch_found)
set(CAMSWEEP_TORCH "${torch_found}" CACHE PATH "the torch package: the folder that holds include/ and lib/")
if(NOT EXISTS "${CAMSWEEP_TORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "No LibTorch in '${CAMSWEEP_TORCH}': run `python3 -m venv .venv && "
                      ".venv/bin/pip install torch==2.13.0`, or set CAMSWEEP_TORCH to a torch package.")
endif()

file(READ "${CAMSWEEP_TORCH}/include/torch/headeronly/version.h" version_header)
string(REGEX MATCH "TORCH_VERSION_MAJOR ([0-9]+)" _ "${version_header}")
set(torch_major ${CMAKE_MATCH_1})
string(REGEX MATCH "TORCH_VERSION_MINOR ([0-9]+)" _ "${version_header}")
set(CAMSWEEP_TORCH_VERSION "${torch_major}.${CMAKE_MATCH_1}")
if(CAMSWEEP_TORCH_VERSION VERSION_LESS 2.11 OR CAMSWEEP_TORCH_VERSION VERSION_GREATER 2.13)
  message(FATAL_ERROR "LibTorch ${CAMSWEEP_TORCH_VERSION} in ${CAMSWEEP_TORCH} was never tried; 2.11 to 2.13 are.")
endif()

# torch/include carries another fmt than Debian's (and google/, pybind11/, ...): link to what is ours to see.
set(torch_include "${PROJECT_BINARY_DIR}/torch_include")
file(MAKE_DIRECTORY "${torch_include}")
foreach(folder torch ATen c10 caffe2)
  file(CREATE_LINK "${CAMSWEEP_TORCH}/include/${folder}" "${torch_include}/${folder}" SYMBOLIC)
endforeach()

function(torch_import name file)
  add_library(${name} SHARED IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${file}")
endfunction()
torch_import(camsweep::torch_c10 ${CAMSWEEP_TORCH}/lib/libc10.so)
torch_import(camsweep::torch_cpu ${CAMSWEEP_TORCH}/lib/libtorch_cpu.so)
add_library(camsweep_torch INTERFACE)
target_include_directories(camsweep_torch SYSTEM INTERFACE ${torch_include}
                                                           ${torch_include}/torch/csrc/api/include)
target_link_libraries(camsweep_torch INTERFACE camsweep::torch_cpu camsweep::torch_c10
                                               -Wl,-rpath,${CAMSWEEP_TORCH}/lib)

if(CAMSWEEP_CUDA)
  if(NOT EXISTS "${CAMSWEEP_TORCH}/lib/libtorch_cuda.so")
    message(FATAL_ERROR "CAMSWEEP_CUDA is on, but ${CAMSWEEP_TORCH} is a CPU build of LibTorch.")
  endif()
  find_path(CUDA_TOOLKIT_INCLUDE cuda_runtime.h PATHS /usr/local/cuda/include REQUIRED)
  cmake_path(SET nvidia NORMALIZE "${CAMSWEEP_TORCH}/../nvidia")
  torch_import(camsweep::torch_c10_cuda ${CAMSWEEP_TORCH}/lib/libc10_cuda.so)
  torch_import(camsweep::torch_cuda ${CAMSWEEP_TORCH}/lib/libtorch_cuda.so)
  target_compile_definitions(camsweep_torch INTERFACE CAMSWEEP_CUDA=1)
  target_compile_options(camsweep_torch INTERFACE -Wno-interference-size)  # c10/cuda/CUDAEvent.h
  target_include_directories(camsweep_torch SYSTEM INTERFACE
                             ${CUDA_TOOLKIT_INCLUDE} ${nvidia}/cu13/include ${nvidia}/nccl/include)
  # No symbol of ours may need libtorch_cuda: without --no-as-needed its kernels would never register.
  target_link_libraries(camsweep_torch INTERFACE
    camsweep::torch_c10_cuda -Wl,--no-as-needed camsweep::torch_cuda -Wl,--as-needed
    -L${nvidia}/nccl/lib -L${nvidia}/cu13/lib -l:libnccl.so.2 -l:libcudart.so.13
    -Wl,-rpath,${nvidia}/nccl/lib -Wl,-rpath,${nvidia}/cu13/lib -Wl,--allow-shlib-undefined)
endif()
