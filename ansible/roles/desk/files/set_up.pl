# Makes Request Tracker's queues, groups, people and rights as standard input (JSON) says, and says what it changed, a line
# each. What stands there and isn't described is switched off or taken away; nothing is ever deleted with its history.
use strict;
use warnings;
use utf8;
use lib '/usr/share/request-tracker5/lib';

use JSON ();
use RT;

binmode STDOUT, ':encoding(UTF-8)';
my $wanted = JSON->new->utf8->decode(do { local $/; <STDIN> });
RT->LoadConfig;
RT->Init;
my $system = RT->SystemUser;

sub done { print join(' ', @_), "\n" }

sub must {
    my ($ok, $said) = @_;
    die(($said // 'refused') . "\n") unless $ok;
}

# Set what differs of an object's fields.
sub put {
    my ($object, $what, $fields) = @_;
    for my $field (sort keys %$fields) {
        next if ($object->$field // '') eq ($fields->{$field} // '');
        my $set = "Set$field";
        must($object->$set($fields->{$field}));
        done($what, $field, 'set');
    }
}

sub switch {
    my ($object, $what, $disabled) = @_;
    return if !!$object->Disabled == !!$disabled;
    must($object->SetDisabled($disabled ? 1 : 0));
    done($what, $disabled ? 'switched off' : 'switched on');
}

my ($mark) = $RT::System->Attributes->Named('AmanatSetUp');
if ($mark && $mark->Content ne $wanted->{version}) {
    die 'the tables are of Request Tracker ', $mark->Content, ", the programs of $wanted->{version}: rt-setup-database-5 upgrades them\n";
}

my %queues;
for my $one (@{ $wanted->{queues} }) {
    my $address = "$one->{Name}\@$wanted->{mail_domain}";
    my %fields = (%$one, CorrespondAddress => $address, CommentAddress => $address);
    my $queue = RT::Queue->new($system);
    $queue->Load($one->{Name});
    if (!$queue->Id) {
        must($queue->Create(%fields));
        done('queue', $one->{Name}, 'made');
    }
    switch($queue, "queue $one->{Name}", 0);
    put($queue, "queue $one->{Name}", \%fields);
    $queues{ $one->{Name} } = $queue;
}
my $all = RT::Queues->new($system);
$all->FindAllRows;
$all->Limit(FIELD => 'Name', OPERATOR => 'NOT STARTSWITH', VALUE => '___');
while (my $queue = $all->Next) {
    switch($queue, 'queue ' . $queue->Name, 1) unless $queues{ $queue->Name };
}

my %users;
for my $one (@{ $wanted->{users} }) {
    my $user = RT::User->new($system);
    $user->Load($one->{Name});
    if (!$user->Id) {
        # Who wrote before is known by an address already.
        $user->LoadByEmail($one->{EmailAddress});
        if ($user->Id) {
            must($user->SetName($one->{Name}));
            must($user->SetPassword($wanted->{passwords}{ $one->{Name} }));
            done('user', $one->{Name}, 'was a customer');
        }
    }
    if (!$user->Id) {
        must($user->Create(%$one, Privileged => 1, Password => $wanted->{passwords}{ $one->{Name} }));
        done('user', $one->{Name}, 'made');
    }
    switch($user, "user $one->{Name}", 0);
    put($user, "user $one->{Name}", $one);
    if (!$user->Privileged) {
        must($user->SetPrivileged(1));
        done('user', $one->{Name}, 'made an agent');
    }
    $users{ $one->{Name} } = $user;
}
my $people = RT::Users->new($system);
$people->LimitToPrivileged;
while (my $user = $people->Next) {
    next if $users{ $user->Name } || $user->Name =~ /^(RT_System|Nobody)$/;
    switch($user, 'user ' . $user->Name, 1);
}

my %groups;
for my $one (@{ $wanted->{groups} }) {
    my $group = RT::Group->new($system);
    $group->LoadUserDefinedGroup($one->{Name});
    if (!$group->Id) {
        must($group->CreateUserDefinedGroup(Name => $one->{Name}, Description => $one->{Description}));
        done('group', $one->{Name}, 'made');
    }
    my %members = map { $users{$_}->PrincipalId => $_ } @{ $one->{Members} };
    my $there = $group->MembersObj;
    while (my $member = $there->Next) {
        next if delete $members{ $member->MemberId };
        must($group->DeleteMember($member->MemberId));
        done('group', $one->{Name}, 'lost member', $member->MemberId);
    }
    for my $id (sort keys %members) {
        must($group->AddMember($id));
        done('group', $one->{Name}, 'got', $members{$id});
    }
    $groups{ $one->{Name} } = $group;
}

# Agents hear of what comes in.
for my $name (sort keys %queues) {
    for my $group (sort keys %groups) {
        my $watchers = $queues{$name}->AdminCc;
        next if $watchers->HasMember($groups{$group}->PrincipalObj);
        must($queues{$name}->AddWatcher(Type => 'AdminCc', PrincipalId => $groups{$group}->PrincipalId));
        done('queue', $name, 'is watched by', $group);
    }
}

# Mails are plain texts: what came as HTML would have to be turned into one.
my $scrips = RT::Scrips->new($system);
$scrips->UnLimit;
while (my $scrip = $scrips->Next) {
    my $name = $scrip->Template // '';
    next unless $name =~ s/ in HTML$//;
    must($scrip->SetTemplate($name));
    done('scrip', $scrip->Description, 'takes', $name);
}
for my $one (@{ $wanted->{templates} }) {
    my $template = RT::Template->new($system);
    $template->LoadGlobalTemplate($one->{Name});
    die "there is no template $one->{Name}\n" unless $template->Id;
    put($template, "template $one->{Name}", $one);
}

# Rights: those described, and no others, whatever Request Tracker comes with.
my %expected;
for my $one (@{ $wanted->{rights} }) {
    my $name = $one->{Group} // $one->{Role};
    my $group = $one->{Group} && $groups{$name};
    if (!$group) {
        $group = RT::Group->new($system);
        $one->{Role} ? $group->LoadRoleGroup(Object => $RT::System, Name => $name) : $group->LoadSystemInternalGroup($name);
    }
    die "there is no group $name\n" unless $group->Id;
    my $object = $one->{Queue} ? $queues{ $one->{Queue} } : $RT::System;
    for my $right (@{ $one->{Rights} }) {
        my @key = ($group->PrincipalId, $right, ref $object, $object->Id);
        $expected{"@key"} = 1;
        my $entry = RT::ACE->new($system);
        $entry->LoadByCols(PrincipalId => $key[0], RightName => $key[1], ObjectType => $key[2], ObjectId => $key[3]);
        next if $entry->Id;
        must($group->PrincipalObj->GrantRight(Right => $right, Object => $object));
        done('right', $right, 'given to', $name);
    }
}
my %own;
for my $user (RT->SystemUser, RT->Nobody) {
    my $group = RT::Group->new($system);
    $group->LoadACLEquivalenceGroup($user->PrincipalId);
    $own{ $group->PrincipalId } = 1;
}
my $entries = RT::ACL->new($system);
$entries->UnLimit;
while (my $entry = $entries->Next) {
    my @key = map { $entry->$_ } qw(PrincipalId RightName ObjectType ObjectId);
    # The system's own, and of who owns what nobody has taken, is no right of anybody who logs in.
    next if $expected{"@key"} || $own{ $entry->PrincipalId };
    my $right = $entry->RightName;
    must($entry->_Delete);
    done('right', $right, 'taken away');
}

if (!$mark) {
    must($RT::System->SetAttribute(Name => 'AmanatSetUp', Content => $wanted->{version}));
    done('set up', $wanted->{version});
}
