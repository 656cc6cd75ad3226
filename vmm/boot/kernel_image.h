// A kernel or initrd as a file of the host: opened safely, read straight into where it belongs.
//
// Read with pread, never mapped: a file that somebody truncates meanwhile is then an error message
// and not a SIGBUS, and the payload is copied once, from the page cache into guest RAM.
// Thread rule: one thread, before the machine starts.
#pragma once

#include <string>
#include <string_view>

#include "vmm/base/fd.h"
#include "vmm/boot/byte_source.h"

namespace skiff {

class KernelImage final : public ByteSource {
 public:
  // `role` is "kernel" or "initrd", for messages. Throws ConfigError, naming the path, for anything
  // that is not a readable regular file with something in it (a directory, FIFO, socket, device);
  // HostError where the host has no descriptor or memory left. Never blocks.
  static KernelImage open(const std::string& path, std::string_view role);

  void read(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<std::uint64_t> size() const override { return size_; }
  const std::string& name() const override { return name_; }

 private:
  KernelImage(Fd fd, std::string name, std::uint64_t size)
      : fd_(std::move(fd)), name_(std::move(name)), size_(size) {}

  Fd fd_;
  std::string name_;
  std::uint64_t size_;
};

}  // namespace skiff
