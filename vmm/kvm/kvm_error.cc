#include "vmm/kvm/kvm_error.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace skiff {
namespace {

std::string_view hint_for(int error_number) {
  switch (error_number) {
    case EMFILE:
      return "; raise the process limit on open files (`ulimit -n`)";
    case ENOMEM:
      return "; the host is out of memory, or the process limit (`ulimit -v`) is reached";
    case EBUSY:
      return "; another program may hold the virtualization extensions of this host";
    default:
      return "";
  }
}

}  // namespace

int kvm_ioctl(int fd, unsigned long request, unsigned long argument) {
  for (;;) {
    const int result = ::ioctl(fd, request, argument);
    if (result >= 0 || errno != EINTR) return result;
  }
}

int kvm_ioctl(int fd, unsigned long request, const void* argument) {
  return kvm_ioctl(fd, request, reinterpret_cast<unsigned long>(argument));
}

void throw_kvm_error(std::string_view what, int error_number) {
  throw HostError(
      fmt::format("KVM: {}: {}{}", what, std::strerror(error_number), hint_for(error_number)));
}

}  // namespace skiff
