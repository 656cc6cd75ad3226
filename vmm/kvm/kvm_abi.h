// <linux/kvm.h> as C++ can use it; every file of this room includes it through here.
//
// The header's macro for flexible arrays puts an empty struct before the array. An empty struct has
// size 0 in C and 1 in C++, so kvm_cpuid2 and its like would be 4 bytes too long, and the ioctl
// numbers made from their sizes would be numbers the kernel has never heard of.
#pragma once

#include <linux/stddef.h>
#undef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) TYPE NAME[]  // NOLINT(bugprone-reserved-identifier)

#include <linux/kvm.h>

static_assert(sizeof(kvm_irq_routing) == 8);
