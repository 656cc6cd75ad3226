// ioctl(2) on KVM's descriptors, and what its failures mean to a person.
#pragma once

#include <string_view>

#include "vmm/base/error.h"

namespace skiff {

// ioctl that starts again after a signal; -1 with errno on failure.
int kvm_ioctl(int fd, unsigned long request, unsigned long argument = 0);
int kvm_ioctl(int fd, unsigned long request, const void* argument);

// Throws HostError "KVM: <what>: <errno's text>" with a hint where one is known.
[[noreturn]] void throw_kvm_error(std::string_view what, int error_number);

}  // namespace skiff
