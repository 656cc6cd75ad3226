// What a virtio block device costs without a guest: a driver thread (the driver's mirror of a
// virtqueue) against a BlockDevice on an I/O thread of the production kind.
//
//   block_bench [--disk null|memory|PATH] [--engine auto|io_uring|threads] [--direct]
//               [--operation read|write] [--depth N] [--size BYTES] [--requests N] [--poll US]
//               [--think US] [--attach SECONDS]
//
// The driver sleeps on an eventfd until the device interrupts it, thinks for a while, and makes all
// its free requests available. Printed: requests per second, the I/O thread's CPU time per request,
// kicks and interrupts per request. --attach names the I/O thread and waits, for
// `strace -c -p THREAD`: the counts are then of exactly --requests requests.
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/fakes/driver_queue.h"
#include "virtio/block/block_device.h"
#include "virtio/block/block_regs.h"
#include "virtio/core/virtio_ids.h"
#include "vmm/base/error.h"
#include "vmm/disk/disk_options.h"
#include "vmm/machine/io_executor.h"

namespace skiff {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using SteadyClock = std::chrono::steady_clock;

struct BenchOptions {
  DiskOptions disk;
  BlockOptions block;
  bool writes = false;
  unsigned depth = 1;
  std::uint32_t size = 4096;
  std::uint64_t requests = 200'000;
  microseconds think{0};
  unsigned attach = 0;
};

class BenchInterrupts final : public VirtioInterrupts {
 public:
  void signal_queue(std::uint16_t /*queue*/) noexcept override {
    event.signal();
    count.fetch_add(1, std::memory_order_relaxed);
  }
  void signal_config() noexcept override {}
  void needs_reset(std::string_view why) noexcept override {
    std::fprintf(stderr, "block_bench: the device needs a reset: %s\n", std::string(why).c_str());
    std::abort();
  }

  EventFd event;
  std::atomic<std::uint64_t> count{0};
};

class IoThread {
 public:
  IoThread() : thread_([this] { io_.run(); }) {}
  ~IoThread() {
    guard_.reset();
    thread_.join();
  }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  Executor& executor() { return executor_; }
  template <typename Work>
  auto ask(Work work) {
    std::promise<decltype(work())> answer;
    executor_.post([&] { answer.set_value(work()); });
    return answer.get_future().get();
  }
  nanoseconds cpu_time() {
    return ask([] {
      timespec time{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
      return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
    });
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
      io_.get_executor()};
  IoExecutor executor_{io_};
  std::thread thread_;
};

class Driver {
 public:
  static constexpr std::uint64_t kPlace = 1 << 20;  // of one request's header, status and data

  Driver(const BenchOptions& options, BlockDevice& device, std::uint64_t capacity)
      : options_(options),
        blocks_(capacity / options.size),
        memory_(std::array{Range{0, kPlace * (options.depth + 2)}}, {}),
        queue_(memory_, GuestAddress(0), device.queue_sizes()[0], {.event_idx = true}) {
    device.attach(&interrupts);
    Activation activation{.features = device.features(), .queues = {}};
    activation.queues.push_back({0, *Virtqueue::create(queue_.config(), memory_), &kick_});
    device.activate(std::move(activation));
    for (unsigned i = 0; i < options.depth; ++i)
      free_.push_back(i);
    place_of_.resize(kMaxQueueSize);
  }

  void run(std::uint64_t requests) {
    std::uint64_t offered = 0;
    std::uint64_t done = 0;
    while (done < requests) {
      bool any = false;
      for (; !free_.empty() && offered < requests; ++offered, any = true)
        stage();
      if (any) {
        queue_.show();
        if (queue_.should_notify()) {
          kick_.signal();
          ++kicks;
        }
      }
      while (!queue_.enable_interrupts()) {
        pollfd polled{.fd = interrupts.event.fd(), .events = POLLIN, .revents = 0};
        ::poll(&polled, 1, -1);
        interrupts.event.consume();
      }
      think();
      while (const auto used = queue_.used()) {
        ++done;
        free_.push_back(place_of_[used->id]);
        check(place_of_[used->id]);
      }
    }
  }

  BenchInterrupts interrupts;
  std::uint64_t kicks = 0;

 private:
  static GuestAddress at(unsigned place, std::uint64_t offset) {
    return GuestAddress(kPlace * (place + 2) + offset);
  }
  void stage() {
    const unsigned place = free_.back();
    free_.pop_back();
    const std::uint64_t sector = random_() % blocks_ * (options_.size / virtio_blk::kSectorSize);
    memory_.store(at(place, 0),
                  virtio_blk::Header{options_.writes ? virtio_blk::kTypeOut : virtio_blk::kTypeIn,
                                     0, sector});
    const std::array chain{DriverBuffer{at(place, 0), 16},
                           DriverBuffer{at(place, 4096), options_.size, !options_.writes},
                           DriverBuffer{at(place, 32), 1, true}};
    place_of_[queue_.stage(chain)] = place;
  }
  void check(unsigned place) {
    if (memory_.load<std::uint8_t>(at(place, 32)) == virtio_blk::kStatusOk) return;
    std::fprintf(stderr, "block_bench: a request failed\n");
    std::exit(1);
  }
  void think() const {
    const auto end = SteadyClock::now() + options_.think;
    while (SteadyClock::now() < end) {
    }
  }

  const BenchOptions& options_;
  const std::uint64_t blocks_;
  const GuestMemory memory_;
  DriverQueue queue_;
  EventFd kick_;
  std::vector<unsigned> free_;
  std::vector<unsigned> place_of_;  // by id
  std::minstd_rand random_;
};

int measure(const BenchOptions& options) {
  IoThread thread;
  const SystemClock clock;
  auto disk = open_disk(options.disk);
  const std::uint64_t capacity = disk->capacity();
  BlockDevice device(std::move(disk), thread.executor(), clock, options.block);
  Driver driver(options, device, capacity);
  driver.run(1000);  // warm
  if (options.attach != 0) {
    std::printf("thread %d\n", thread.ask([] { return ::gettid(); }));
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::seconds(options.attach));
  }
  const nanoseconds cpu = thread.cpu_time();
  const std::uint64_t kicks = driver.kicks;
  const std::uint64_t interrupts = driver.interrupts.count.load();
  const auto start = SteadyClock::now();
  driver.run(options.requests);
  const std::chrono::duration<double> wall = SteadyClock::now() - start;
  const auto requests = static_cast<double>(options.requests);
  std::printf(
      "%s depth %u: %.0f requests/s, I/O thread %.2f us/request, kicks %.3f, interrupts "
      "%.3f per request\n",
      device.engine(), options.depth, requests / wall.count(),
      static_cast<double>((thread.cpu_time() - cpu).count()) / 1000 / requests,
      static_cast<double>(driver.kicks - kicks) / requests,
      static_cast<double>(driver.interrupts.count.load() - interrupts) / requests);
  device.reset([] {});
  device.attach(nullptr);
  return 0;
}

bool parse(int argc, char** argv, BenchOptions& options) {
  options.disk.kind = DiskKind::null;
  options.disk.size = 1 << 30;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--direct") {
      options.disk.direct = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string value = argv[++i];
    const unsigned long number = std::strtoul(value.c_str(), nullptr, 10);
    if (name == "--disk") {
      options.disk.kind = value == "null"     ? DiskKind::null
                          : value == "memory" ? DiskKind::memory
                                              : DiskKind::file;
      options.disk.path = value;
    } else if (name == "--engine") {
      options.disk.engine = value == "threads"    ? DiskEngine::threads
                            : value == "io_uring" ? DiskEngine::io_uring
                                                  : DiskEngine::automatic;
    } else if (name == "--operation") {
      options.writes = value == "write";
    } else if (name == "--depth") {
      options.depth = static_cast<unsigned>(number);
    } else if (name == "--size") {
      options.size = static_cast<std::uint32_t>(number);
    } else if (name == "--requests") {
      options.requests = number;
    } else if (name == "--poll") {
      options.block.poll = microseconds(number);
    } else if (name == "--think") {
      options.think = microseconds(number);
    } else if (name == "--attach") {
      options.attach = static_cast<unsigned>(number);
    } else {
      return false;
    }
  }
  return options.depth >= 1 && options.depth <= 64 && options.size >= 512 &&
         options.size <= Driver::kPlace / 2;
}

}  // namespace
}  // namespace skiff

int main(int argc, char** argv) {
  skiff::BenchOptions options;
  if (!skiff::parse(argc, argv, options)) {
    std::fprintf(stderr, "block_bench: wrong arguments; see the head of block_bench.cc\n");
    return 2;
  }
  try {
    return skiff::measure(options);
  } catch (const skiff::Error& error) {
    std::fprintf(stderr, "block_bench: %s\n", error.what());
    return 1;
  }
}
