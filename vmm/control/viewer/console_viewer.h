// `skiff console`: a person's terminal, or two pipes, at a console of a running VM.
//
//   connection -> frames -> stdout (never blocking; what it does not take waits here, and the
//                 connection is not read on)
//   stdin -> EscapeFilter (terminals only) -> frames -> connection
//
//   SIGINT, SIGTERM, SIGHUP   detach; the status is the signal's
//   SIGTSTP, SIGCONT          terminal restored, process stopped; terminal raw again
//   SIGWINCH                  the window's new size goes to the guest, if this is the writer
//   (one of these that was ignored when Skiff was started stays ignored)
//
// Thread rule: main thread; run() blocks until the end. Signals are blocked from the constructor
// on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/control/console/console_frames.h"
#include "vmm/control/escape_filter.h"
#include "vmm/control/standard_output.h"
#include "vmm/control/terminal.h"

namespace skiff {

struct ConsoleViewerOptions {
  std::string vm;  // for messages
  char escape = 0x01;
  bool read_only = false;
  bool detach_on_eof = false;  // stdin's end is the end; else one only looks on from there
};

class ConsoleViewer {
 public:
  // Power button, reset, NMI, why: done by the caller. What there is to say; empty: nothing.
  using Act = std::function<std::string(ConsoleAction)>;

  // `socket`: a connection that speaks frames; `early`: bytes of it that came already. Throws
  // HostError.
  ConsoleViewer(Fd socket, std::span<const std::byte> early, ConsoleViewerOptions options, Act act);
  ~ConsoleViewer();
  ConsoleViewer(const ConsoleViewer&) = delete;
  ConsoleViewer& operator=(const ConsoleViewer&) = delete;

  // The exit status: the VM's when that has ended, 0 after a detach. Throws HostError if the VM is
  // gone without a word.
  int run();

 private:
  void wait();
  void on_signals();
  void stop_process();
  void receive();
  void take(std::span<const std::byte> bytes);
  void show(std::span<const std::byte> bytes);
  void flush_output();
  void tell(std::string_view text);
  void read_input();
  void on_typed(std::span<const std::byte> typed);
  void on_action(ConsoleAction action);
  void send_window();
  void send_input(std::span<const std::byte> bytes);
  void flush_frames();
  void type_path(std::byte key);
  void begin_file();
  void send_file();
  void finish(int status) { status_ = status; }

  const ConsoleViewerOptions options_;
  const Act act_;
  Fd socket_;
  Fd signals_;
  StandardOutput output_;
  Terminal terminal_;
  EscapeFilter filter_;
  FrameParser parser_{FrameParser::Sender::vm};
  std::vector<std::byte> buffer_;
  std::vector<std::byte> unshown_;  // for stdout
  std::size_t unshown_at_ = 0;
  std::vector<std::byte> frames_;  // for the VM
  std::size_t frames_at_ = 0;
  bool input_open_;
  bool writer_ = false;
  bool told_viewer_ = false;           // that what is typed goes nowhere
  bool ended_ = false;                 // the VM said so
  std::optional<int> unshown_status_;  // its status, once all is shown
  bool detach_when_sent_ = false;
  std::optional<std::string> path_;  // being typed, of the file to send
  Fd file_;
  std::optional<int> status_;
};

}  // namespace skiff
