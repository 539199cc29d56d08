#include <eventloom/storage/plain_files.hpp>

#include <leveldb/env.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace eventloom {

namespace {

result<void> answer_of(const leveldb::Status& status)
{
    if (status.ok()) return done();
    return fail(Failure::storage, "file-fault", status.ToString());
}

} // namespace

struct SequentialReader::State {
    std::unique_ptr<leveldb::SequentialFile> file;
};

SequentialReader::SequentialReader(std::unique_ptr<State> state) : state_{std::move(state)} {}
SequentialReader::~SequentialReader() = default;

result<std::unique_ptr<SequentialReader>> SequentialReader::open(const Runtime& runtime, const std::string& path)
{
    leveldb::SequentialFile* opened = nullptr;
    BOOST_OUTCOME_TRY(answer_of(runtime.files.NewSequentialFile(path, &opened)));
    auto state = std::make_unique<State>();
    state->file.reset(opened);
    return std::unique_ptr<SequentialReader>{new SequentialReader{std::move(state)}};
}

result<std::size_t> SequentialReader::read(char* into, std::size_t size)
{
    leveldb::Slice found;
    BOOST_OUTCOME_TRY(answer_of(state_->file->Read(size, &found, into)));
    // The file may give a place of its own.
    if (found.data() != into) std::memcpy(into, found.data(), found.size());
    return found.size();
}

struct AppendedFile::State {
    std::unique_ptr<leveldb::WritableFile> file;
};

AppendedFile::AppendedFile(std::unique_ptr<State> state) : state_{std::move(state)} {}
AppendedFile::~AppendedFile() = default;

result<std::unique_ptr<AppendedFile>> AppendedFile::open(const Runtime& runtime, const std::string& path)
{
    leveldb::WritableFile* opened = nullptr;
    BOOST_OUTCOME_TRY(answer_of(runtime.files.NewAppendableFile(path, &opened)));
    auto state = std::make_unique<State>();
    state->file.reset(opened);
    return std::unique_ptr<AppendedFile>{new AppendedFile{std::move(state)}};
}

result<void> AppendedFile::append(std::string_view bytes)
{
    return answer_of(state_->file->Append({bytes.data(), bytes.size()}));
}

result<void> AppendedFile::sync()
{
    return answer_of(state_->file->Sync());
}

result<void> AppendedFile::close()
{
    BOOST_OUTCOME_TRY(sync());
    return answer_of(state_->file->Close());
}

struct HeldFile::State {
    leveldb::Env& files;
    leveldb::FileLock* lock;
};

HeldFile::HeldFile(std::unique_ptr<State> state) : state_{std::move(state)} {}

HeldFile::~HeldFile()
{
    state_->files.UnlockFile(state_->lock);
}

result<std::unique_ptr<HeldFile>> HeldFile::hold(const Runtime& runtime, const std::string& path)
{
    leveldb::FileLock* lock = nullptr;
    BOOST_OUTCOME_TRY(answer_of(runtime.files.LockFile(path, &lock)));
    return std::unique_ptr<HeldFile>{new HeldFile{std::make_unique<State>(State{runtime.files, lock})}};
}

// Asked of the system's list: to open the file and close it again would give up a lock of this process's own.
std::optional<long> process_that_holds(const std::string& path)
{
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return std::nullopt;
    const std::string inode = ":" + std::to_string(about.st_ino);
    std::ifstream locks{"/proc/locks"};
    // 1: POSIX  ADVISORY  WRITE 4711 08:01:131090 0 EOF
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words{line};
        std::string number;
        std::string kind;
        std::string strictness;
        std::string access;
        long process = 0;
        std::string place;
        if (words >> number >> kind >> strictness >> access >> process >> place && place.ends_with(inode)) {
            return process;
        }
    }
    return std::nullopt;
}

bool file_exists(const Runtime& runtime, const std::string& path)
{
    return runtime.files.FileExists(path);
}

result<std::uint64_t> file_size(const Runtime& runtime, const std::string& path)
{
    std::uint64_t bytes = 0;
    BOOST_OUTCOME_TRY(answer_of(runtime.files.GetFileSize(path, &bytes)));
    return bytes;
}

result<void> rename_file(const Runtime& runtime, const std::string& from, const std::string& to)
{
    return answer_of(runtime.files.RenameFile(from, to));
}

result<void> delete_file(const Runtime& runtime, const std::string& path)
{
    return answer_of(runtime.files.RemoveFile(path));
}

} // namespace eventloom
