#include <eventloom/service/admin_door.hpp>

#include "admin_listener.hpp"

namespace eventloom {

AdminDoor::AdminDoor(std::unique_ptr<Listener> listener) : listener_{std::move(listener)} {}

AdminDoor::~AdminDoor() = default;

result<std::unique_ptr<AdminDoor>> AdminDoor::open(const std::string& directory, AdminAnswers answers,
                                                   AdminLimits limits)
{
    BOOST_OUTCOME_TRY(auto socket, AdminSocket::listen(directory));
    return std::unique_ptr<AdminDoor>{
        new AdminDoor{std::make_unique<Listener>(std::move(socket), std::move(answers), limits)}};
}

} // namespace eventloom
