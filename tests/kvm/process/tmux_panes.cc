#include "tests/kvm/process/tmux_panes.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace skiff::test {
namespace {

std::string for_shell(std::string_view word) {
  std::string text = "'";
  for (const char character : word) {
    if (character == '\'') text += "'\\'";
    text += character;
  }
  return text + "'";
}

}  // namespace

bool is_program_there(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT(cert-env33-c)
}

TmuxPanes::TmuxPanes(const TemporaryFolder& folder) : socket_(folder.file("tmux")) {
  ::unsetenv("TMUX");
  // A shell without anybody's settings; one that knows jobs.
  const std::string settings =
      folder.write("tmux.conf",
                   "set -g status off\nset -g default-size 80x24\n"
                   "set -g default-command \"exec env PS1='ready> ' bash --norc --noprofile\"\n");
  tmux({"-f", settings, "new-session", "-d", "-x", "80", "-y", "24"});
  up_ = shows("%0", "ready>");
}

TmuxPanes::~TmuxPanes() {
  tmux({"kill-server"});
}

std::string TmuxPanes::tmux(const std::vector<std::string>& words) const {
  std::string command = "tmux -S " + for_shell(socket_);
  for (const std::string& word : words)
    command += " " + for_shell(word);
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) return {};
  std::string output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    output.append(buffer, got);
  EXPECT_EQ(::pclose(pipe), 0) << command << ": " << output;
  return output;
}

std::string TmuxPanes::ask(const std::string& pane, const std::string& format) const {
  std::string answer = tmux({"display-message", "-p", "-t", pane, "#{" + format + "}"});
  if (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

std::string TmuxPanes::add_pane() {
  std::string pane = tmux({"new-window", "-d", "-P", "-F", "#{pane_id}"});
  if (pane.ends_with('\n')) pane.pop_back();
  EXPECT_TRUE(shows(pane, "ready>"));
  return pane;
}

void TmuxPanes::resize(const std::string& pane, int columns, int rows) const {
  tmux({"resize-window", "-t", pane, "-x", std::to_string(columns), "-y", std::to_string(rows)});
}

void TmuxPanes::type(const std::string& pane, std::string_view text) const {
  tmux({"send-keys", "-t", pane, "-l", std::string(text)});
}

void TmuxPanes::run(const std::string& pane, std::string_view command) const {
  type(pane, command);
  key(pane, "Enter");
}

void TmuxPanes::key(const std::string& pane, const std::string& name) const {
  tmux({"send-keys", "-t", pane, name});
}

void TmuxPanes::clear(const std::string& pane) const {
  run(pane, "clear");
  // All of the screen is the prompt: that of before had the command behind it.
  EXPECT_TRUE(until([&] {
    const std::string text = screen(pane);
    return text.substr(0, text.find_last_not_of(" \n") + 1) == "ready>";
  }));
}

std::string TmuxPanes::screen(const std::string& pane) const {
  return tmux({"capture-pane", "-p", "-J", "-t", pane});
}

bool TmuxPanes::shows(const std::string& pane, std::string_view text) const {
  return until([&] { return screen(pane).find(text) != std::string::npos; });
}

bool TmuxPanes::is_on_alternate_screen(const std::string& pane) const {
  return ask(pane, "alternate_on") == "1";
}

bool TmuxPanes::is_raw(const std::string& pane) const {
  const Fd terminal(::open(ask(pane, "pane_tty").c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios modes{};
  if (::tcgetattr(terminal.get(), &modes) != 0) return false;
  return (modes.c_lflag & (ICANON | ECHO | ISIG)) == 0 && (modes.c_oflag & OPOST) == 0;
}

pid_t TmuxPanes::job(const std::string& pane) const {
  const std::string shell = ask(pane, "pane_pid");
  return std::atoi(read_file("/proc/" + shell + "/task/" + shell + "/children").c_str());
}

bool TmuxPanes::until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

}  // namespace skiff::test
