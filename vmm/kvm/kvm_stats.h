// KVM's own counts of one VM or vCPU: "exits", "io_exits", "halt_exits", ... Which there are
// differs by kernel and architecture, so they are known by their names.
//
// Thread rule: any thread, one at a time. Opening a vCPU's waits until that vCPU is out of KVM_RUN;
// reading them does not.
// Source: Linux Documentation/virt/kvm/api.rst, 4.133 KVM_GET_STATS_FD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/fd.h"

namespace skiff {

struct KvmCount {
  std::string name;
  std::uint64_t value = 0;
};

class KvmStats {
 public:
  // `fd`: of a VM or a vCPU. Nothing where this kernel has no KVM_GET_STATS_FD (before 5.14) or
  // describes them in a way that cannot be followed.
  static std::optional<KvmStats> open(int fd);

  // Adds each count that only grows, and is one number, to the one of its name in `counts`.
  void add_to(std::vector<KvmCount>& counts) const;

 private:
  struct Place {
    std::string name;
    std::size_t offset = 0;  // in `values`
  };

  explicit KvmStats(Fd fd) : fd_(std::move(fd)) {}
  bool read_descriptors();

  Fd fd_;
  std::uint64_t values_at_ = 0;
  std::size_t values_size_ = 0;  // [bytes]
  std::vector<Place> places_;
};

}  // namespace skiff
