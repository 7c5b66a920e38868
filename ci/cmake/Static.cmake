# ESTSPEC_STATIC: programs that need little but the C library. Debian's packages for yaml-cpp, pugixml and fmt name shared libraries to CMake; the
# archives beside them are named here. Of fmt there is none: it becomes header-only. libarchive stays shared, since its archive wants a dozen others.
find_library(ESTSPEC_YAML_CPP_ARCHIVE libyaml-cpp.a REQUIRED)
set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION_NONE ${ESTSPEC_YAML_CPP_ARCHIVE} IMPORTED_SONAME_NONE "")
set_target_properties(pugixml::pugixml PROPERTIES INTERFACE_LINK_LIBRARIES pugixml::static)
set_target_properties(fmt::fmt PROPERTIES INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY=1)
add_link_options(-static-libstdc++ -static-libgcc -Wl,--as-needed)
set(CMAKE_FIND_LIBRARY_SUFFIXES .so .a)
