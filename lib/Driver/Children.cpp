//===- Children.cpp - work in processes of its own ------------------------===//
//
// A child writes into a file in memory that it shares with its parent: however
// much it is, nobody waits for a reader.
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Children.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace effattn {

namespace {

constexpr int failedStatus = 1, noRoomStatus = 2;

bool writeAll(int file, const std::string &bytes) {
  for (size_t done = 0; done < bytes.size();) {
    ssize_t count = write(file, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR)
      return false;
    done += static_cast<size_t>(std::max<ssize_t>(count, 0));
  }
  return true;
}

std::string readAll(int file) {
  std::string bytes(static_cast<size_t>(lseek(file, 0, SEEK_END)), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = pread(file, bytes.data() + done, bytes.size() - done,
                          static_cast<off_t>(done));
    if (count <= 0 && errno != EINTR)
      break;
    done += static_cast<size_t>(std::max<ssize_t>(count, 0));
  }
  bytes.resize(done);
  return bytes;
}

/// The child's side. No destructor, and nothing of the parent's that waits to
/// be printed, is run.
[[noreturn]] void carryOut(size_t index, int file, pid_t parent,
                           const std::function<std::string(size_t)> &work) {
  // Not to go on where nobody waits for it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(failedStatus);
  std::string bytes;
  bool done = false;
  try {
    bytes = work(index);
    done = true;
  } catch (const std::exception &error) {
    bytes = error.what();
  } catch (...) {
    bytes = "an exception of no known kind";
  }
  if (!writeAll(file, bytes))
    _exit(noRoomStatus);
  _exit(done ? 0 : failedStatus);
}

std::string failureOf(int status, const std::string &bytes) {
  if (WIFSIGNALED(status))
    return fmt::format("code generation was ended by signal {} ({})",
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
  switch (WEXITSTATUS(status)) {
  case 0:
    return "";
  case failedStatus:
    return bytes.empty() ? "code generation failed" : bytes;
  case noRoomStatus:
    return "no memory for generated code";
  default:
    return fmt::format("code generation ended its process with status {}",
                       WEXITSTATUS(status));
  }
}

class Children {
public:
  explicit Children(size_t count) : results(count) {}

  void start(size_t index, const std::function<std::string(size_t)> &work) {
    int file = memfd_create("effattn", MFD_CLOEXEC);
    pid_t parent = getpid(), child = file < 0 ? -1 : fork();
    if (child == 0)
      carryOut(index, file, parent, work);
    if (child > 0) {
      int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
      running.push_back({child, index, file, ended});
      return;
    }
    results[index].failure =
        fmt::format("cannot start a process: {}", std::strerror(errno));
    if (file >= 0)
      close(file);
  }

  /// Until at most `most` are left. Only our own children are waited for.
  void waitFor(size_t most) {
    while (running.size() > most)
      collect(nextToEnd());
  }

  std::vector<ChildResult> results;

private:
  struct Child {
    pid_t process;
    size_t index;
    int file;
    int ended; ///< readable when it has; -1: not known
  };

  /// One that has ended; where the system cannot tell, the oldest.
  std::vector<Child>::iterator nextToEnd() {
    std::vector<pollfd> waiting;
    for (const Child &child : running)
      waiting.push_back({child.ended, POLLIN, 0});
    int count;
    do
      count = poll(waiting.data(), waiting.size(), -1);
    while (count < 0 && errno == EINTR);
    for (size_t k = 0; k < waiting.size(); ++k)
      if (waiting[k].revents || waiting[k].fd < 0)
        return running.begin() + static_cast<ptrdiff_t>(k);
    return running.begin();
  }

  void collect(std::vector<Child>::iterator child) {
    int status = 0;
    while (waitpid(child->process, &status, 0) < 0 && errno == EINTR) {
    }
    ChildResult &result = results[child->index];
    result.bytes = readAll(child->file);
    result.failure = failureOf(status, result.bytes);
    close(child->file);
    if (child->ended >= 0)
      close(child->ended);
    running.erase(child);
  }

  std::vector<Child> running; ///< by age
};

} // namespace

std::vector<ChildResult>
inChildren(size_t count, size_t atOnce,
           const std::function<std::string(size_t)> &work,
           const std::function<void(size_t)> &started) {
  Children children(count);
  for (size_t index = 0; index < count; ++index) {
    children.waitFor(std::max<size_t>(atOnce, 1) - 1);
    started(index);
    children.start(index, work);
  }
  children.waitFor(0);
  return std::move(children.results);
}

} // namespace effattn
