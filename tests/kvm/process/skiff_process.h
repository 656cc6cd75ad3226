// A `skiff` process of a test: started with the descriptors, limits and terminal the test wants,
// its output collected, and never left behind. Thread rule: one thread.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/fd.h"

namespace skiff::test {

using namespace std::chrono_literals;

// Generous: test machines interpret guests, and run other tests meanwhile.
inline constexpr auto kPatience = 60s;

struct Ending {
  bool timed_out = false;
  int status = -1;  // of exit; -1 if a signal ended the process
  int signal = 0;
};
void PrintTo(const Ending& ending, std::ostream* stream);
bool operator==(const Ending& ending, int status);

// Where a descriptor of the child leads: a pipe whose other end the test holds, a descriptor of the
// test's (which stays open), or nowhere.
struct Plug {
  enum class Kind { pipe, descriptor, closed };
  Kind kind = Kind::pipe;
  int fd = -1;
  static Plug to(int fd) { return {Kind::descriptor, fd}; }
  static Plug to(const Fd& fd) { return to(fd.get()); }
  static Plug closed() { return {Kind::closed, -1}; }
};

struct ProcessOptions {
  Plug in{};
  Plug out{};
  Plug err{};
  // stdin, stdout and stderr are this terminal, in whose foreground the process is a session's
  // leader; `in`, `out` and `err` are not looked at.
  int terminal = -1;
  // In the child, before exec; what it returns false for is status 99.
  std::function<bool()> in_child{};
};

class SkiffProcess {
 public:
  explicit SkiffProcess(const std::vector<std::string>& arguments,
                        const ProcessOptions& options = {});
  ~SkiffProcess();
  SkiffProcess(const SkiffProcess&) = delete;
  SkiffProcess& operator=(const SkiffProcess&) = delete;

  pid_t pid() const { return pid_; }
  void kill(int signal_number) const;
  // What has come through the pipes (or from the terminal's master, see watch) so far.
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }
  // Collects from this descriptor of the test's as if it were stdout.
  void watch(int fd) { out_fd_ = fd; }
  // Not read from now on: a reader that has gone to sleep.
  void ignore_output() { out_fd_ = -1; }
  void read_output_again() { out_fd_ = out_pipe_.get(); }
  void close_output();

  // Through the pipe to stdin; reads output meanwhile. False when it took too long.
  bool send(std::string_view text);
  void close_input() { in_pipe_.reset(); }
  int input_pipe() const { return in_pipe_.get(); }
  int output_pipe() const { return out_pipe_.get(); }

  // True once stdout (stderr) contains `text`.
  bool expect_out(std::string_view text, std::chrono::milliseconds patience = kPatience);
  bool expect_err(std::string_view text, std::chrono::milliseconds patience = kPatience);
  // Collects output for that long.
  void run_for(std::chrono::milliseconds time);
  Ending wait(std::chrono::milliseconds patience = kPatience);
  // Until the process has been stopped by a signal.
  bool wait_until_stopped(std::chrono::milliseconds patience = kPatience);

 private:
  bool pump_until(const std::function<bool()>& done, std::chrono::milliseconds patience);
  void pump(int timeout_ms);

  pid_t pid_ = -1;
  bool reaped_ = false;
  int wait_status_ = 0;
  Fd in_pipe_;
  Fd out_pipe_;
  Fd err_pipe_;
  int out_fd_ = -1;
  std::string out_;
  std::string err_;
};

// Runs it to its end.
struct Finished {
  Ending ending;
  std::string out;
  std::string err;
};
Finished run_skiff(const std::vector<std::string>& arguments, const ProcessOptions& options = {},
                   std::chrono::milliseconds patience = kPatience);

// The command line that runs a program of guest/: `run --kernel ... --memory 32M`.
std::vector<std::string> guest_arguments(const std::string& program,
                                         const std::string& command_line = {},
                                         const std::vector<std::string>& more = {});
std::string guest_path(const std::string& program);

// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, std::string_view content) const;

 private:
  std::string path_;
};
std::string read_file(const std::string& path);
// Kilobytes, e.g. of "VmRSS:" in /proc/PID/status.
long status_value(pid_t pid, const std::string& key);

}  // namespace skiff::test
