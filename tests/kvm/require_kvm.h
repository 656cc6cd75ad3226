// Skips a test, and says why, where this user has no /dev/kvm.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#define SKIFF_REQUIRE_KVM()                                         \
  if (::access("/dev/kvm", R_OK | W_OK) != 0) {                     \
    GTEST_SKIP() << "no use of /dev/kvm: " << std::strerror(errno); \
  }                                                                 \
  static_assert(true)
