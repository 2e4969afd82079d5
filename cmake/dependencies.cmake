# Every dependency is found here and nowhere else; the reason stands beside it.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)                # text formatting
find_package(nlohmann_json REQUIRED)      # the value type of parameters, messages and result files
find_package(yaml-cpp REQUIRED)           # sweep files
find_path(VALIJSON_INCLUDE valijson/validator.hpp REQUIRED)  # JSON Schema validation with error paths
find_package(OpenSSL REQUIRED COMPONENTS Crypto)             # SHA-256, with the CPU's instructions
find_package(SQLite3 REQUIRED)            # the results database
find_package(spdlog REQUIRED)             # log lines with time and level
find_package(CLI11 REQUIRED)              # command line
find_package(JPEG REQUIRED)               # libjpeg-turbo: decodes bit for bit as Pillow does
find_package(PNG REQUIRED)
if(CAMSWEEP_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)       # property tests: expansion against a naive reference
endif()
if(CAMSWEEP_BENCH)
  find_package(benchmark REQUIRED)
endif()

add_library(camsweep_valijson INTERFACE)
target_include_directories(camsweep_valijson SYSTEM INTERFACE ${VALIJSON_INCLUDE})

if(CAMSWEEP_WORKERS)
  include(cmake/torch.cmake)
  # CRC-32 of the records of `.pth` files, at the speed of the copy beside it: zlib's takes ten times as long.
  find_path(LIBDEFLATE_INCLUDE libdeflate.h REQUIRED)
  find_library(LIBDEFLATE_LIBRARY deflate REQUIRED)
  add_library(camsweep_libdeflate INTERFACE)
  target_include_directories(camsweep_libdeflate SYSTEM INTERFACE ${LIBDEFLATE_INCLUDE})
  target_link_libraries(camsweep_libdeflate INTERFACE ${LIBDEFLATE_LIBRARY})
  # Linear SVMs on features, as the CAM paper of 2016 trained them.
  find_path(LIBLINEAR_INCLUDE linear.h REQUIRED)
  find_library(LIBLINEAR_LIBRARY linear REQUIRED)
  add_library(camsweep_liblinear INTERFACE)
  target_include_directories(camsweep_liblinear SYSTEM INTERFACE ${LIBLINEAR_INCLUDE})
  target_link_libraries(camsweep_liblinear INTERFACE ${LIBLINEAR_LIBRARY})
  find_package(MPI REQUIRED COMPONENTS C) # gangs: process groups on any node, gradients on CPUs
  add_library(camsweep_mpi INTERFACE)
  # mpi.h would pull in the C++ bindings that MPI removed; libmpi alone is linked.
  target_compile_definitions(camsweep_mpi INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  target_link_libraries(camsweep_mpi INTERFACE MPI::MPI_C)
endif()
