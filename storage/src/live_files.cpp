#include "live_files.hpp"

#include <eventloom/storage/database_files.hpp>

#include <utility>

namespace eventloom {

namespace {

bool grows(const std::string& path)
{
    return path.ends_with(".log") || is_list_of_files(path);
}

} // namespace

// Counts what has been handed to the system. LevelDB flushes after every record, so the count is of whole ones.
class LiveFiles::GrowingFile final : public leveldb::WritableFile {
public:
    GrowingFile(std::shared_ptr<State> state, std::string path, std::unique_ptr<leveldb::WritableFile> file)
        : state_{std::move(state)}, path_{std::move(path)}, file_{std::move(file)}
    {
        tell();
    }

    leveldb::Status Append(const leveldb::Slice& bytes) override
    {
        auto status = file_->Append(bytes);
        if (status.ok()) appended_ += bytes.size();
        return status;
    }
    leveldb::Status Flush() override
    {
        auto status = file_->Flush();
        if (status.ok()) tell();
        return status;
    }
    leveldb::Status Sync() override { return file_->Sync(); }
    leveldb::Status Close() override { return file_->Close(); }

private:
    void tell()
    {
        const std::lock_guard lock{state_->mutex};
        state_->growing[path_] = appended_;
    }

    const std::shared_ptr<State> state_;
    const std::string path_;
    const std::unique_ptr<leveldb::WritableFile> file_;
    std::uint64_t appended_ = 0;
};

LiveFiles::LiveFiles(leveldb::Env& files) : EnvWrapper{&files}, state_{new State{files, {}, 0, {}, {}, {}}} {}

std::shared_ptr<void> LiveFiles::hold()
{
    {
        const std::lock_guard lock{state_->mutex};
        ++state_->holds;
    }
    return {state_.get(), [state = state_](void*) { let_go(*state); }};
}

void LiveFiles::let_go(State& state)
{
    std::set<std::string> postponed;
    {
        const std::lock_guard lock{state.mutex};
        if (--state.holds > 0) return;
        postponed.swap(state.postponed);
        for (const auto& path : postponed) state.growing.erase(path);
    }
    // What cannot be removed is left until the next opening, as LevelDB leaves it.
    for (const auto& path : postponed) static_cast<void>(remove(state, path));
}

leveldb::Status LiveFiles::remove(State& state, const std::string& path)
{
    auto status = state.files.RemoveFile(path);
    const std::lock_guard lock{state.mutex};
    if (status.ok() || status.IsNotFound()) {
        state.failed.erase(path);
    } else {
        state.failed.insert(path);
    }
    return status;
}

std::string LiveFiles::not_removed() const
{
    const std::lock_guard lock{state_->mutex};
    return state_->failed.empty() ? std::string{} : *state_->failed.begin();
}

std::map<std::string, std::uint64_t> LiveFiles::growing() const
{
    const std::lock_guard lock{state_->mutex};
    return state_->growing;
}

leveldb::Status LiveFiles::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    *file                         = nullptr;
    leveldb::WritableFile* opened = nullptr;
    auto status                   = target()->NewWritableFile(path, &opened);
    std::unique_ptr<leveldb::WritableFile> held{opened};
    if (not status.ok()) return status;
    if (grows(path)) held = std::make_unique<GrowingFile>(state_, path, std::move(held));
    *file = held.release();
    return status;
}

leveldb::Status LiveFiles::RemoveFile(const std::string& path)
{
    {
        const std::lock_guard lock{state_->mutex};
        if (state_->holds > 0) {
            state_->postponed.insert(path);
            return leveldb::Status::OK();
        }
        state_->growing.erase(path);
    }
    return remove(*state_, path);
}

} // namespace eventloom
