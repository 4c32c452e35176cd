# What could not be delivered comes back to the ticket that it was of, which the notice has in it. It is noted there, and
# nobody is written to: a mail of that could come back again, and so for ever.
package RT::Interface::Email::Bounce;

use strict;
use warnings;

use Role::Basic 'with';
with 'RT::Interface::Email::Role';

sub BeforeDecode {
    my %args = (Message => undef, RawMessageRef => undef, @_);
    return unless ($args{Message}->head->get('Return-Path') // '') =~ /^<>/;
    my $name = RT->Config->Get('rtname');
    return unless ${ $args{RawMessageRef} } =~ /<RT-Ticket-(\d{1,12})\@\Q$name\E>/;
    my $ticket = RT::Ticket->new(RT->SystemUser);
    $ticket->Load($1);
    return unless $ticket->Id;
    my ($noted, $said) = $ticket->_NewTransaction(
        Type           => 'Comment',
        MIMEObj        => $args{Message},
        ActivateScrips => 0,
        CommitScrips   => 0,
    );
    TMPFAIL("it can't be noted: $said") unless $noted;
    SUCCESS($ticket);
}

1;
