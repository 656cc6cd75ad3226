// A program run with its standard streams in our hands.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff::lab {

// Owns the child: destroyed, it kills it. One thread only.
class ConsoleSession {
 public:
  // Starts the program; its standard output goes to us and, as it comes, to the file descriptor
  // `copy_to`. Standard error is our own. With `terminal` its standard streams are a
  // pseudo-terminal, else pipes. Throws std::runtime_error.
  ConsoleSession(const std::vector<std::string>& command, bool terminal, int copy_to);
  ~ConsoleSession();
  ConsoleSession(const ConsoleSession&) = delete;
  ConsoleSession& operator=(const ConsoleSession&) = delete;

  // From here on `text` must not appear.
  void reject(std::string text) { rejects_.push_back({std::move(text), output_.size()}); }
  // The first of those texts that appeared all the same, or nothing.
  std::optional<std::string> rejected() const;

  // Takes in output until `text` is found behind what earlier calls matched; false if the time runs
  // out, the output ends, or a rejected text has appeared (and the rest of its line with it).
  bool expect(std::string_view text, std::chrono::milliseconds limit);
  // Writes all of `text`, taking in output meanwhile; false if the program does not take it in
  // time.
  bool send(std::string_view text, std::chrono::milliseconds limit);
  void close_input();
  void signal(int number);
  // Takes in output for this long, or until the program ends its output.
  void listen(std::chrono::milliseconds span);
  // The exit status (128 + n for a signal n), or nothing if it still runs when the time is up.
  std::optional<int> wait_exit(std::chrono::milliseconds limit);

  const std::string& output() const { return output_; }

 private:
  enum class Event { output, end, timeout };
  Event take_in(std::chrono::steady_clock::time_point deadline, bool want_to_write);

  pid_t child_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  bool terminal_;
  int copy_to_;
  bool ended_ = false;
  std::string output_;
  size_t matched_ = 0;

  struct Reject {
    std::string text;
    size_t from;  // in the output
  };
  std::vector<Reject> rejects_;
};

}  // namespace skiff::lab
