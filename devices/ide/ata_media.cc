#include "devices/ide/ata_media.h"

#include <cerrno>
#include <chrono>
#include <future>
#include <system_error>
#include <utility>

namespace skiff {
namespace {

// A disk that fails is told of so often.
constexpr RateLimit kMediaErrorLines{.per_second = 1, .burst = 5};
// How long a job is waited for in the disk's queue, which takes one system call instead of three.
constexpr std::chrono::nanoseconds kDiskWait = std::chrono::microseconds(200);

}  // namespace

AtaMedia::AtaMedia(std::string name, std::unique_ptr<DiskBackend> disk, Executor& executor,
                   const Clock& clock)
    : name_(std::move(name)),
      disk_(std::move(disk)),
      executor_(executor),
      clock_(clock),
      error_lines_(kMediaErrorLines) {}

AtaMedia::~AtaMedia() {
  stop();
}

void AtaMedia::start(const AtaJob& job) {
  request_ = {};
  request_.operation = job.operation;
  request_.force_unit_access = job.force_unit_access;
  request_.offset = job.offset;
  request_.length = job.length;
  request_.buffers = job.buffers;
  // From inside on_job_done it goes straight on: posted, it could come after stop.
  if (executor_.runs_here() && serving_) return run();
  executor_.post([this] {
    if (is_closed_) return;
    serving_ = true;
    run();
    serve();
  });
}

void AtaMedia::run() {
  if (queue_ == nullptr) {
    queue_ = disk_->create_queue(executor_, *this, 1);
    if (queue_ == nullptr) {
      request_.error = EIO;
      return on_disk_complete(request_);
    }
    engine_.store(queue_->engine());
  }
  queue_->submit(request_);
  submitted_ = true;
}

// A completion may have submitted the next job, which goes to the host with another advance. A
// command's jobs come to an end, so this does too.
void AtaMedia::serve() {
  serving_ = true;
  while (queue_ != nullptr) {
    const auto wait = submitted_ ? kDiskWait : std::chrono::nanoseconds(0);
    submitted_ = false;
    queue_->advance(wait, 1);
    if (!submitted_) break;
  }
  serving_ = false;
}

void AtaMedia::on_disk_wake() noexcept {
  serve();
}

void AtaMedia::on_disk_complete(DiskRequest& request) noexcept {
  const int error = request.error;
  if (error != 0) report(error);
  if (client_ != nullptr) client_->on_job_done(error);
}

void AtaMedia::report(int error) {
  if (error_lines_.try_take(1, clock_.monotonic())) {
    log_error("{}: the disk fails: {}", name_, std::generic_category().message(error));
  }
}

void AtaMedia::close() {
  is_closed_ = true;
  serving_ = true;
  if (queue_ != nullptr) queue_->drain();
  queue_.reset();
  serving_ = false;
}

void AtaMedia::stop() {
  if (executor_.runs_here()) return close();
  std::promise<void> closed;
  executor_.post([&closed, this] {
    close();
    closed.set_value();
  });
  closed.get_future().wait();
}

}  // namespace skiff
