// VMCOREINFO: what a Linux kernel says of its own structures, for those who read its memory after a
// crash: a page of lines "SYMBOL(prb)=ffffffff...", "OFFSET(printk_info.seq)=0".
// Source: Linux Documentation/admin-guide/kdump/vmcoreinfo.rst.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vmm/linux_guest/linear_reader.h"

namespace skiff {

class Vmcoreinfo {
 public:
  static constexpr std::size_t kMaxSize = 4096;

  Vmcoreinfo() = default;
  // What does not look like it becomes an empty one.
  explicit Vmcoreinfo(std::string text);
  // `page`: linear address of the kernel's copy (its variable vmcoreinfo_data points there).
  static Vmcoreinfo read(const LinearReader& read, std::uint64_t page);

  bool empty() const { return text_.empty(); }
  // Of "SYMBOL(prb)=ffffffff82c4b0a0" the address, and so on. Nothing where there is no such line.
  std::optional<std::uint64_t> symbol(std::string_view name) const;
  std::optional<std::uint64_t> size(std::string_view structure) const;
  std::optional<std::uint64_t> offset(std::string_view member) const;  // "printk_info.seq"
  // By how much KASLR has moved the kernel.
  std::optional<std::uint64_t> kernel_offset() const;
  std::string_view release() const;  // "6.1.0-38-cloud-..."; empty if not known

 private:
  std::string_view value(std::string_view key) const;
  std::optional<std::uint64_t> number(std::string_view key, int base) const;

  std::string text_;
};

}  // namespace skiff
