// A disk with a client that waits for each request; and files that vanish.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "vmm/base/fd.h"
#include "vmm/disk/disk_backend.h"
#include "vmm/disk/disk_options.h"

namespace skiff {

// A file of its own for each test, gone with it.
class TemporaryFile {
 public:
  // `directory`: one with a file system of its own, for what not all of them can.
  explicit TemporaryFile(std::uint64_t size, const std::string& directory = ::testing::TempDir())
      : path_(directory + (directory.ends_with('/') ? "" : "/") + "skiff-disk-XXXXXX") {
    fd_ = Fd(::mkstemp(path_.data()));
    if (!fd_ || ::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) std::abort();
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  std::string read(std::uint64_t offset, std::size_t length) const {
    std::string bytes(length, '\0');
    const ssize_t count = ::pread(fd_.get(), bytes.data(), length, static_cast<off_t>(offset));
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return bytes;
  }
  void write(std::uint64_t offset, const std::string& bytes) const {
    const ssize_t count =
        ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count != static_cast<ssize_t>(bytes.size())) std::abort();
  }
  void resize(std::uint64_t size) const {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) std::abort();
  }
  // What it takes of its file system. [512 bytes]
  std::int64_t blocks() const {
    struct stat status{};
    ::fstat(fd_.get(), &status);
    return status.st_blocks;
  }

 private:
  std::string path_;
  Fd fd_;
};

// A request with buffers of its own.
class OwnedRequest : public DiskRequest {
 public:
  OwnedRequest(DiskOperation what, std::uint64_t at, std::uint64_t bytes) {
    operation = what;
    offset = at;
    length = bytes;
  }
  // Cut into pieces of `piece` bytes, the first `misalign` bytes behind a page's border.
  OwnedRequest& with(std::string data, std::size_t piece = 0, std::size_t misalign = 0) {
    storage_.assign(data.size() + misalign + 4096, '\0');
    const std::size_t border = 4096 - reinterpret_cast<std::uintptr_t>(storage_.data()) % 4096;
    char* at = storage_.data() + border % 4096 + misalign;
    bytes_ = {at, data.size()};
    std::ranges::copy(data, at);
    if (piece == 0) piece = data.size();
    for (std::size_t done = 0; done < data.size(); done += piece)
      iovecs_.push_back({at + done, std::min(piece, data.size() - done)});
    buffers = iovecs_;
    return *this;
  }
  std::string data() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> storage_;
  std::span<char> bytes_;
  std::vector<iovec> iovecs_;
};

class DiskUser final : public DiskQueueClient {
 public:
  explicit DiskUser(const DiskOptions& options) : DiskUser(open_disk(options)) {}
  explicit DiskUser(std::unique_ptr<DiskBackend> backend)
      : disk(std::move(backend)), queue(disk->create_queue(clock, *this, 64)) {
    if (queue == nullptr) std::abort();
  }
  ~DiskUser() override { queue.reset(); }
  DiskUser(const DiskUser&) = delete;
  DiskUser& operator=(const DiskUser&) = delete;

  // The request's error.
  int run(DiskRequest& request) {
    queue->submit(request);
    return wait(), request.error;
  }
  // Until nothing is in flight, by the executor's loop.
  void wait() {
    queue->advance();
    while (queue->in_flight() != 0)
      clock.run_for(std::chrono::milliseconds(100));
  }
  int write(std::uint64_t offset, const std::string& bytes, std::size_t piece = 0,
            std::size_t misalign = 0) {
    OwnedRequest request(DiskOperation::write, offset, bytes.size());
    return run(request.with(bytes, piece, misalign));
  }
  std::string read(std::uint64_t offset, std::size_t length, std::size_t piece = 0,
                   std::size_t misalign = 0) {
    OwnedRequest request(DiskOperation::read, offset, length);
    const int error = run(request.with(std::string(length, '?'), piece, misalign));
    return error == 0 ? request.data() : "error " + std::to_string(error);
  }
  int run(DiskOperation what, std::uint64_t offset = 0, std::uint64_t length = 0,
          bool may_unmap = false) {
    OwnedRequest request(what, offset, length);
    request.may_unmap = may_unmap;
    return run(request);
  }

  void on_disk_complete(DiskRequest& request) noexcept override { completed.push_back(&request); }
  void on_disk_wake() noexcept override {
    ++wakes;
    queue->advance();
  }

  FakeClock clock;
  std::vector<DiskRequest*> completed;
  int wakes = 0;
  std::unique_ptr<DiskBackend> disk;
  std::unique_ptr<DiskQueue> queue;
};

// Bytes that tell their place.
inline std::string pattern(std::size_t length, unsigned seed = 1) {
  std::string bytes(length, '\0');
  for (std::size_t i = 0; i < length; ++i)
    bytes[i] = static_cast<char>((i * 7 + i / 512 + seed * 31) & 0xff);
  return bytes;
}

}  // namespace skiff
