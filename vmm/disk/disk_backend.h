// What keeps the bytes of a virtual disk. Knows no bus and no guest protocol: virtio-blk today, IDE
// and NVMe later stand on it. Shaped so that an image format (qcow2 with backing files) is a
// DiskBackend on top of others: its DiskQueue is the client of the queues below it.
//
//   DiskBackend --create_queue--> DiskQueue (one per executor)
//        client: submit(request)...  advance()      requests go to the host in one batch
//        queue:  on_disk_wake()                     something to collect: the client calls advance
//        client: advance() -> on_disk_complete(request)...
//
// Buffers of a request are guest memory; the backend reads or fills them itself (no copy). They and
// the request stay untouched and alive until on_disk_complete. There is no call to cancel one
// request: a host does not take back a write under way. A reset drains.
//
// Thread rule: see each class.
#pragma once

#include <sys/uio.h>

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "vmm/io/executor.h"

namespace skiff {

enum class DiskOperation : std::uint8_t { read, write, flush, discard, write_zeroes };

// One request, and its result. Made by the client once and used again and again.
struct DiskRequest {
  DiskOperation operation = DiskOperation::read;
  // write, write_zeroes, discard: on stable storage before it is complete.
  bool force_unit_access = false;
  bool may_unmap = false;    // write_zeroes: the range may be deallocated
  std::uint64_t offset = 0;  // multiple of the block size [bytes]
  std::uint64_t length = 0;  // multiple of the block size; not for flush [bytes]
  std::span<iovec> buffers;  // read, write: sum is `length`, none empty. The backend uses them up

  int error = 0;  // when complete: 0 or an errno value

  // The backend's own, from submit to on_disk_complete.
  struct {
    DiskRequest* next = nullptr;
    std::uint64_t done = 0;   // [bytes]
    std::int64_t result = 0;  // of the host's call
    iovec piece{};            // what the host is asked for in the buffers' place
    std::uint8_t stage = 0;
    std::uint8_t refusals = 0;
  } backend;
};

// Whoever submits. All calls come on the queue's executor thread.
class DiskQueueClient {
 public:
  virtual ~DiskQueueClient() = default;
  // `request` is complete and the client's again. Only from inside advance or drain. It may submit.
  virtual void on_disk_complete(DiskRequest& request) noexcept = 0;
  // Completions wait, or a bell rang: call advance. From the executor's loop, never from inside a
  // call of the client.
  virtual void on_disk_wake() noexcept = 0;
  // The bell with this index (set_bells) rang, once or several times; for counting. Also while
  // bells are replaced, and from inside a call of the client.
  virtual void on_disk_bell(std::size_t /*bell*/) noexcept {}
};

// Thread rule: everything on its executor's thread, the destructor too (or while that thread does
// not run). Destroyed only with nothing in flight.
class DiskQueue {
 public:
  virtual ~DiskQueue() = default;

  // Takes a request; it goes to the host with the next advance. Never completes inside.
  virtual void submit(DiskRequest& request) noexcept = 0;
  // Hands over all that was submitted, waits up to `wait` until `wanted` requests are complete or a
  // bell rings (zero: not at all; a queue may always wait shorter, or for fewer), collects. Returns
  // the number of completions, each given to on_disk_complete. A bell that rang is used up by it,
  // so the client looks at what the bells stand for after each advance.
  virtual std::size_t advance(std::chrono::nanoseconds wait, std::size_t wanted) noexcept = 0;
  std::size_t advance() noexcept { return advance(std::chrono::nanoseconds(0), 1); }
  // Where the executor's work is several threads' in turn (Executor::has_one_thread), a client ends
  // each turn with this: what it leaves in flight wakes it. What it collects within a turn, with
  // the turn's own advances, needs to wake nobody.
  virtual void end_turn() noexcept {}
  // Waits until nothing is in flight. Bells are not heard meanwhile.
  virtual void drain() noexcept = 0;
  // Requests submitted and not complete.
  virtual std::size_t in_flight() const noexcept = 0;
  // For a client that looks instead of waiting, without a system call: the next advance has
  // something to collect; how many completions at least (some may show only in advance). A queue
  // that cannot tell says no, and none.
  virtual bool has_completions() const noexcept { return false; }
  virtual std::size_t completions() const noexcept { return 0; }

  // Eventfds whose signals call on_disk_wake, waited for together with completions, so that one
  // system call serves both. Replaces the earlier ones, which are let go before it returns. The
  // counters may be consumed or not, as the queue likes: every signal wakes, at least once for all
  // that came before. False where the host refuses; there are no bells then.
  [[nodiscard]] virtual bool set_bells(std::span<const int> eventfds) = 0;

  // What does the work: "io_uring", "threads", "memory", "null". For logs.
  virtual const char* engine() const noexcept = 0;
};

// A power of two from a sector's 512 bytes to the 64 KiB that drivers know.
constexpr bool is_disk_block_size(std::uint64_t size) {
  return size >= 512 && size <= 65536 && std::has_single_bit(size);
}

// Constant facts.
struct DiskInfo {
  std::string name;                // for messages: the path, "memory", "null"
  std::uint32_t block_size = 512;  // smallest unit of a request [bytes], power of two >= 512
  std::uint32_t physical_block_size = 512;  // written without read-modify-write [bytes]
  std::uint32_t optimal_io_size = 0;        // 0: unknown [bytes]
  std::uint32_t discard_alignment = 4096;   // what a discard should be a multiple of [bytes]
  bool read_only = false;
  bool can_discard = false;
  bool can_write_zeroes = false;
};

// Thread rule: any thread. Outlives its queues.
class DiskBackend {
 public:
  virtual ~DiskBackend() = default;

  virtual const DiskInfo& info() const noexcept = 0;
  // A multiple of the block size. [bytes]
  virtual std::uint64_t capacity() const noexcept = 0;
  // Looks again at how large the file or device is; the new capacity. [bytes]
  virtual std::uint64_t refresh_capacity() noexcept = 0;
  // `client` and `executor` outlive the queue. `depth`: requests in flight at most. Called on the
  // executor's thread. Null where the host refuses everything (no descriptors left).
  virtual std::unique_ptr<DiskQueue> create_queue(Executor& executor, DiskQueueClient& client,
                                                  std::uint32_t depth) = 0;
};

}  // namespace skiff
