#include "door/admin_door.hpp"

#include "door/admin_listener.hpp"

#include <eventloom/storage/system_files.hpp>

#include <exception>
#include <new>

namespace eventloom {

AdminDoor::AdminDoor(std::unique_ptr<Listener> listener) : listener_{std::move(listener)} {}

AdminDoor::~AdminDoor() = default;

result<std::unique_ptr<AdminDoor>> AdminDoor::open(const std::string& directory, AdminAnswers answers,
                                                   AdminLimits limits)
{
    BOOST_OUTCOME_TRY(auto socket, AdminSocket::listen(directory));
    try {
        return std::unique_ptr<AdminDoor>{
            new AdminDoor{std::make_unique<Listener>(std::move(socket), std::move(answers), limits)}};
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& refused) { // by Boost.Asio or the standard library, as the system says it
        const std::string found = refused.what();
        return fail(Failure::unavailable, "no-threads",
                    "opened the door of the service in " + directory +
                        " and found that the system refuses what it needs (" + found + "); " + what_to_do_about(found));
    }
}

} // namespace eventloom
