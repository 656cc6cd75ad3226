// As long as it lives, this process can open no further file descriptor.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include "vmm/base/fd.h"

namespace skiff {

class DescriptorLimit {
 public:
  DescriptorLimit() {
    const Fd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit low{.rlim_cur = static_cast<rlim_t>(next.get()), .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  // The undefined-behaviour sanitizer looks at an object's type through a pipe of its own, and
  // takes a failure to open one for a bad object.
  static constexpr bool sanitizer_needs_descriptors() {
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
  }

 private:
  rlimit before_{};
};

}  // namespace skiff
