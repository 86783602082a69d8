# Builds for another of Debian's machines: with its cross compiler, against the libraries under COROPG_SYSROOT.
# scripts/test-arch makes that folder and sets these three; COROPG_EMULATOR is what runs a program of that machine here.
#
#   COROPG_MACHINE   such as s390x-linux-gnu
#   COROPG_SYSROOT   a folder with usr/include, usr/lib and lib of that machine
#   COROPG_EMULATOR  a command as a list; empty for programs that run here as they are
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES COROPG_MACHINE COROPG_SYSROOT)

set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR ${COROPG_MACHINE})
set(CMAKE_CXX_COMPILER ${COROPG_MACHINE}-g++)
set(CMAKE_SYSROOT ${COROPG_SYSROOT})
set(CMAKE_FIND_ROOT_PATH ${COROPG_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR ${COROPG_EMULATOR})

execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-multiarch
    OUTPUT_VARIABLE multiarch OUTPUT_STRIP_TRAILING_WHITESPACE)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${COROPG_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${COROPG_SYSROOT}/usr/lib/${multiarch}/pkgconfig:${COROPG_SYSROOT}/usr/share/pkgconfig)
