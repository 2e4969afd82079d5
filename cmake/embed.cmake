# camsweep_embed(FILE SYMBOL): makes the text of FILE available as `extern const std::string_view SYMBOL`
# in "embedded.h", so that the programs need no files beside them.
set(CAMSWEEP_EMBEDDED_H "${PROJECT_BINARY_DIR}/generated/embedded.h")
set(CAMSWEEP_EMBEDDED_CC "${PROJECT_BINARY_DIR}/generated/embedded.cc")
set(embedded_declarations "")
set(embedded_definitions "")
macro(camsweep_embed file symbol)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${file})
  file(READ ${PROJECT_SOURCE_DIR}/${file} text)
  string(APPEND embedded_declarations "extern const std::string_view ${symbol};  // ${file}\n")
  string(APPEND embedded_definitions "const std::string_view ${symbol} = R\"~embedded~(${text})~embedded~\";\n")
endmacro()
function(camsweep_write_embedded)
  file(CONFIGURE OUTPUT ${CAMSWEEP_EMBEDDED_H} @ONLY CONTENT
       "#pragma once\n#include <string_view>\nnamespace camsweep {\n@embedded_declarations@}\n")
  file(CONFIGURE OUTPUT ${CAMSWEEP_EMBEDDED_CC} @ONLY CONTENT
       "#include \"embedded.h\"\nnamespace camsweep {\n@embedded_definitions@}\n")
endfunction()
