// The I/O threads of one machine: each runs one Asio io_context, on which the devices that were put
// there do their work. A thread starts when the first device asks for it, so a machine without such
// devices has none and pays nothing.
//
//   IoThreads(configured)      nothing runs
//   executor("disk0")      ->  thread skiff/disk0 runs; the same one every time
//   executor("")           ->  the next of all configured ones in turn; io0 where there are none
//   ~IoThreads                 what was posted is run, then each thread ends and is joined
//
// The threads block every signal: those of the process belong to main, the kick to vCPUs.
//
// Thread rule: one thread (the machine's) creates, asks and destroys. Outlives every device that
// has one of its executors: their destructors wait for work that is done there.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "vmm/io/executor.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

class IoThreads {
 public:
  // `configured` need not outlive the call.
  explicit IoThreads(const std::vector<IoThreadConfig>& configured);
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  // `name`: of a configured thread; empty: Skiff chooses. Throws HostError where the thread cannot
  // be made or may not run on the processors it was given, ConfigError for a name that is none.
  Executor& executor(std::string_view name);

  // How many run now.
  std::size_t running() const;

 private:
  class IoThread;

  std::vector<IoThreadConfig> configured_;
  std::vector<std::unique_ptr<IoThread>> threads_;  // one for each configured; null: not started
  std::size_t next_ = 0;
};

}  // namespace skiff
