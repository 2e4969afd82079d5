# One library or test binary per folder. USES is the whole list of what the folder may link, so the
# root CMakeLists.txt is also the dependency diagram; tests/layering.cmake checks the includes against it.

add_library(camsweep_options INTERFACE)
target_compile_features(camsweep_options INTERFACE cxx_std_20)
target_include_directories(camsweep_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(camsweep_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                                  -Woverloaded-virtual $<$<BOOL:${CAMSWEEP_WERROR}>:-Werror>)
if(CAMSWEEP_SANITIZE)
  # Leaks are not looked for in processes that load MPI: its run time keeps memory until exit.
  target_compile_options(camsweep_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(camsweep_options INTERFACE -fsanitize=address,undefined)
endif()

# camsweep_library(FOLDER USES library...): every .cc directly in FOLDER, main programs excepted.
function(camsweep_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES")
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc
                                      ${PROJECT_SOURCE_DIR}/${folder}/commands/*.cc)
  list(FILTER sources EXCLUDE REGEX "/[a-z_]*main\\.cc$")
  if(NOT CAMSWEEP_CUDA)
    list(FILTER sources EXCLUDE REGEX "_cuda\\.cc$")
  endif()
  add_library(camsweep_${name} STATIC ${sources} ${PROJECT_SOURCE_DIR}/cmake/empty.cc)
  add_library(camsweep::${name} ALIAS camsweep_${name})
  target_link_libraries(camsweep_${name} PUBLIC camsweep_options ${arg_USES})
endfunction()

# camsweep_program(NAME MAIN file... USES library...)
function(camsweep_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "MAIN;USES")
  add_executable(${name} ${arg_MAIN})
  target_link_libraries(${name} PRIVATE camsweep_options ${arg_USES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# camsweep_tests(FOLDER [USES library...]): tests/FOLDER/*_test.cc, one binary, one CTest entry per test case.
function(camsweep_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "USES")
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  target_link_libraries(${name}_tests PRIVATE camsweep::${name} ${arg_USES} GTest::gtest_main)
  target_compile_definitions(${name}_tests PRIVATE CAMSWEEP_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                                   CAMSWEEP_BIN_DIR="${PROJECT_BINARY_DIR}/bin")
  set_target_properties(${name}_tests PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  set_property(GLOBAL APPEND PROPERTY CAMSWEEP_TEST_TARGETS ${name}_tests)
  add_test(NAME ${name} COMMAND ${name}_tests)
endfunction()
