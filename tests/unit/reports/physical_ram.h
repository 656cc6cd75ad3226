// Some guest-physical memory for translation tables. RAM from 0 to its size; everything above is
// not there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "vmm/board/physical_reader.h"

namespace skiff {

class PhysicalRam {
 public:
  explicit PhysicalRam(std::size_t size) : ram_(size) {}

  PhysicalReader reader() {
    return [this](std::uint64_t address, std::span<std::byte> out) {
      ++reads;
      if (address > ram_.size() || out.size() > ram_.size() - address) return false;
      std::memcpy(out.data(), ram_.data() + address, out.size());
      return true;
    };
  }

  int reads = 0;

 protected:
  void copy_in(std::uint64_t address, const void* from, std::size_t size) {
    std::memcpy(ram_.data() + address, from, size);
  }
  std::size_t size() const { return ram_.size(); }

 private:
  std::vector<std::byte> ram_;
};

}  // namespace skiff
