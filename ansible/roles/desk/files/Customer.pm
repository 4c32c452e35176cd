# Who sends a mail is a customer. Anybody can write anybody's address: agents answer where they have logged in.
package RT::Interface::Email::Auth::Customer;

use strict;
use warnings;

use RT::Interface::Email::Auth::MailFrom;
use Role::Basic 'with';
with 'RT::Interface::Email::Role';

sub GetCurrentUser {
    my %args = (Message => undef, @_);
    my $user = RT::Interface::Email::Auth::MailFrom::GetCurrentUser(%args);
    return $user unless $user->UserObj->Privileged;
    MailError(
        Subject     => 'Agents answer on the desk, not by mail',
        Explanation => 'Your mail bears the address of an agent. Log in to the desk and answer there: it was not taken.',
        MIMEObj     => undef,  # nothing of it goes to an address that it names itself
        FAILURE     => 1,
    );
}

1;
