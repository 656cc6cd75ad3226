#include "vmm/bench/vm_session.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <memory>
#include <thread>

#include "vmm/base/error.h"
#include "vmm/bench/child_process.h"
#include "vmm/bench/figures.h"
#include "vmm/bench/guest_talk.h"
#include "vmm/bench/host_counters.h"
#include "vmm/bench/instruction_count.h"
#include "vmm/control/client/control_client.h"

namespace skiff::bench {
namespace {

using std::chrono::steady_clock;

// The control socket is there a moment after the guest has begun.
constexpr int kConnectTries = 200;
constexpr auto kConnectPause = std::chrono::milliseconds(5);
constexpr auto kIntoTheLoop = std::chrono::milliseconds(20);
constexpr auto kEndPatience = std::chrono::seconds(10);

class Session {
 public:
  Session(const Launch& launch, const std::vector<std::string>& cells,
          const SessionOptions& options, StopSignals& stop)
      : options_(options),
        stop_(stop),
        program_(launch.program),
        talk_(cells),
        child_(launch.program, launch.arguments,
               {.environment = launch.environment,
                .kept_fd = options.kept_fd,
                .cpus = options.other_cpus,
                .has_terminal = launch.wants_terminal,
                .network_of = options.network_of}) {}

  std::vector<CellRun> run() {
    auto heard = steady_clock::now();
    while (true) {
      std::array<pollfd, 4> waits = {
          {{.fd = child_.out(), .events = POLLIN, .revents = 0},
           {.fd = err_open_ ? child_.err() : -1, .events = POLLIN, .revents = 0},
           {.fd = stop_.fd(), .events = POLLIN, .revents = 0},
           {.fd = text_left_ != 0 ? child_.in() : -1, .events = POLLOUT, .revents = 0}}};
      const auto waited = steady_clock::now() - heard;
      if (waited >= options_.patience) return finish(silence());
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(options_.patience - waited);
      ::poll(waits.data(), waits.size(), static_cast<int>(left.count()) + 1);
      if (stop_.received() != 0) return finish("stopped");
      if (waits[1].revents != 0) err_open_ = child_.read_err();
      if ((waits[3].revents & POLLOUT) != 0) send_text();
      if ((waits[3].revents & POLLERR) != 0) text_left_ = 0;
      if (waits[0].revents == 0) continue;
      heard = steady_clock::now();
      bool ended = false;
      if (!hear(child_.read_out(ended))) return finish("");
      if (ended) return finish(early_end());
    }
  }

 private:
  // False at the conversation's end.
  bool hear(std::string_view bytes) {
    for (const GuestWord& word : reader_.put(bytes)) {
      switch (talk_.take(word)) {
        case GuestTalk::Wants::nothing:
          break;
        case GuestTalk::Wants::text:
          text_left_ = talk_.text_bytes();
          break;
        case GuestTalk::Wants::go:
          if (options_.on_cell) options_.on_cell(talk_.current());
          answer(true);
          text_left_ = talk_.text_bytes();
          break;
        case GuestTalk::Wants::on:
          answer(false);
          break;
        case GuestTalk::Wants::over:
          return false;
      }
    }
    return true;
  }

  // The guest sleeps; its time goes on when it gets its byte. What asking costs is outside.
  void answer(bool is_before) {
    Snapshot snapshot;
    if (is_before) {
      prepare();
      ask_ledger(snapshot);
      snapshot.threads = read_threads(child_.pid());
    } else {
      snapshot.threads = read_threads(child_.pid());
      ask_ledger(snapshot);
    }
    const std::uint64_t vcpu = first_vcpu(snapshot);
    talk_.give(std::move(snapshot));
    child_.send("g");
    if (is_before && options_.counted_exits != 0 && vcpu != 0) {
      // The guest has to be awake and in its loop.
      std::this_thread::sleep_for(kIntoTheLoop);
      talk_.give_instructions(count_instructions(static_cast<pid_t>(vcpu), options_.counted_exits));
    }
  }

  static std::uint64_t first_vcpu(const Snapshot& snapshot) {
    for (const ThreadTime& thread : snapshot.threads)
      if (role_of(thread.name) == ThreadRole::vcpu) return thread.id;
    return 0;
  }

  void send_text() {
    static const std::string text(4096, 'x');
    const std::size_t most = std::min<std::uint64_t>(text.size(), text_left_);
    text_left_ -= child_.send(std::string_view(text).substr(0, most));
  }

  // Once, when all threads are there.
  void prepare() {
    if (is_prepared_) return;
    is_prepared_ = true;
    pin_threads(child_.pid(), options_.vcpu_cpus, options_.other_cpus);
    if (options_.vm_name.empty()) return;
    for (int tries = 0; client_ == nullptr; ++tries) {
      try {
        client_ = std::make_unique<ControlClient>(options_.vm_name);
      } catch (const Error&) {
        if (tries == kConnectTries) throw;
        std::this_thread::sleep_for(kConnectPause);
      }
    }
  }

  void ask_ledger(Snapshot& snapshot) {
    if (client_ == nullptr) return;
    if (!parse_exits(client_->get("/v1/exits"), snapshot)) {
      throw HostError(program_ + " does not answer as this Skiff does");
    }
  }

  std::string silence() const {
    return fmt::format("the guest said nothing for {} s{}",
                       std::chrono::duration_cast<std::chrono::seconds>(options_.patience).count(),
                       last_words());
  }

  std::string early_end() {
    child_.read_err();
    const auto status = child_.wait(kEndPatience);
    std::string how = "ended";
    if (status && WIFEXITED(*status))
      how = fmt::format("ended with status {}", WEXITSTATUS(*status));
    if (status && WIFSIGNALED(*status))
      how = fmt::format("was ended by signal {}", WTERMSIG(*status));
    return fmt::format("{} {} before the guest was done{}", program_, how, last_words());
  }

  // The last line that is none of a kernel's: those have a time in brackets, and a Linux that
  // powers off has the last word.
  static std::string_view last_line(std::string_view text) {
    std::string_view last;
    while (!text.empty()) {
      const auto end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end, text.size() - 1) + 1);
      if (last.empty() || last.starts_with('[') || !line.starts_with('[')) last = line;
    }
    return last;
  }

  // The first line of what the monitor complained of, else the last thing the guest printed.
  std::string last_words() const {
    std::string_view text = child_.complaints();
    text = text.substr(0, text.find('\n'));
    if (text.empty()) text = last_line(reader_.other());
    return text.empty() ? std::string() : ": " + printable_text(text, GuestReader::kMostReason);
  }

  std::vector<CellRun> finish(const std::string& why) {
    // One that has said all ends by itself, and with it everything that is its.
    if (talk_.is_complete()) {
      client_.reset();
      child_.wait(kEndPatience);
    }
    child_.end();
    return talk_.results(why);
  }

  const SessionOptions& options_;
  StopSignals& stop_;
  const std::string program_;
  GuestReader reader_;
  GuestTalk talk_;
  ChildProcess child_;
  std::unique_ptr<ControlClient> client_;
  std::uint64_t text_left_ = 0;  // that the guest waits for
  bool err_open_ = true;
  bool is_prepared_ = false;
};

}  // namespace

std::vector<CellRun> run_session(const Launch& launch, const std::vector<std::string>& cells,
                                 const SessionOptions& options, StopSignals& stop) {
  return Session(launch, cells, options, stop).run();
}

}  // namespace skiff::bench
