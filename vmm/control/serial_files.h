// Serial ports that write to files. Open as long as the process: a guest that reboots appends.
// Thread rule: sink() by the main thread; the sinks' methods from any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "vmm/base/fd.h"
#include "vmm/io/byte_channel.h"

namespace skiff {

// Every byte is taken and forgotten.
class NullSink final : public ByteSink {
 public:
  std::size_t write(std::span<const std::byte> bytes) noexcept override { return bytes.size(); }
  bool writable() const noexcept override { return true; }
};

class FileSink final : public ByteSink {
 public:
  // Creates or truncates the file; a FIFO or terminal is written without blocking. Throws
  // HostError.
  explicit FileSink(const std::string& path);
  std::size_t write(std::span<const std::byte> bytes) noexcept override;
  // Always: nobody here waits for a full FIFO to tell the device when that ends, so a device must
  // not wait for it either. It offers its byte, and again while the FIFO takes none.
  bool writable() const noexcept override { return true; }

 private:
  const std::string path_;
  Fd fd_;
  std::atomic<bool> failed_{false};
};

class SerialFiles {
 public:
  // The sink of this path, opened at the first call.
  ByteSink& sink(const std::string& path);
  ByteSink& null_sink() { return null_; }

 private:
  std::map<std::string, std::unique_ptr<FileSink>> files_;
  NullSink null_;
};

}  // namespace skiff
