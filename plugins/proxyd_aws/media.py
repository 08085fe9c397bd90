"""Video: MediaConvert, MediaLive, MediaPackage.

Where streams come in and go out stays with AWS: the addresses have keys and passwords in them.
"""

from proxyd.plugin import listing, pages, tagged

_OUTPUTS = tuple(
    f"Settings.OutputGroups[].OutputGroupSettings.{kind}GroupSettings"
    for kind in ("Cmaf", "DashIso", "File", "Hls", "MsSmooth")
)

SCANNERS = (
    listing(
        "AWS::MediaConvert::JobTemplate",
        calls=pages("mediaconvert", "ListJobTemplates", "JobTemplates[]"),
        arn="Arn",
        name="Name",
        tags=tagged("mediaconvert:jobTemplates"),
        properties="Category, Description, Priority, StatusUpdateInterval, "
        "AccelerationMode=AccelerationSettings.Mode, CreatedAt, LastUpdated",
        links=(
            # The default queue is AWS's.
            "uses AWS::MediaConvert::Queue Queue ~ !*:queues/Default",
            "uses AWS::MediaConvert::Queue HopDestinations[].Queue ~ !*:queues/Default",
            *(f"routes-to AWS::S3::Bucket {to}.Destination ~ s3://(*)/*" for to in _OUTPUTS),
            *(
                f"encrypts-with AWS::KMS::Key {to}.DestinationSettings.S3Settings.Encryption"
                ".KmsKeyArn"
                for to in _OUTPUTS
            ),
        ),
        keep=("Type", "CUSTOM"),
    ),
    listing(
        "AWS::MediaConvert::Preset",
        calls=pages("mediaconvert", "ListPresets", "Presets[]"),
        arn="Arn",
        name="Name",
        tags=tagged("mediaconvert:presets"),
        properties="Category, Description, Container=Settings.ContainerSettings.Container, "
        "Codec=Settings.VideoDescription.CodecSettings.Codec, "
        "Width=Settings.VideoDescription.Width, Height=Settings.VideoDescription.Height, "
        "AudioCodecs=Settings.AudioDescriptions[].CodecSettings.Codec, CreatedAt, LastUpdated",
        keep=("Type", "CUSTOM"),
    ),
    listing(
        "AWS::MediaConvert::Queue",
        calls=pages("mediaconvert", "ListQueues", "Queues[]"),
        arn="Arn",
        name="Name",
        tags=tagged("mediaconvert:queues"),
        properties="State=Status, Description, PricingPlan, ConcurrentJobs, "
        "ReservedSlots=ReservationPlan.ReservedSlots, "
        "ReservationExpiresAt=ReservationPlan.ExpiresAt, CreatedAt, LastUpdated",
        # The default queue is AWS's: it can be neither changed nor deleted.
        keep=("Type", "CUSTOM"),
    ),
    listing(
        "AWS::MediaLive::Channel",
        calls=pages("medialive", "ListChannels", "Channels[]"),
        arn="Arn",
        name="Name",
        properties="State, ChannelClass, Codec=InputSpecification.Codec, "
        "Resolution=InputSpecification.Resolution, "
        "MaximumBitrate=InputSpecification.MaximumBitrate, LogLevel, "
        "EgressIps=EgressEndpoints[].SourceIp, AvailabilityZones=Vpc.AvailabilityZones",
        links=(
            "uses AWS::MediaLive::Input InputAttachments[].InputId",
            "uses AWS::MediaLive::Input "
            "InputAttachments[].AutomaticInputFailoverSettings.SecondaryInputId",
            "routes-to AWS::MediaPackage::Channel Destinations[].MediaPackageSettings[].ChannelId",
            "routes-to AWS::MediaPackageV2::Channel "
            "Destinations[].MediaPackageSettings[].ChannelName",
            "routes-to AWS::MediaLive::Multiplex Destinations[].MultiplexSettings.MultiplexId",
            "in AWS::EC2::Subnet Vpc.SubnetIds, uses AWS::EC2::SecurityGroup Vpc.SecurityGroupIds",
            "uses AWS::EC2::NetworkInterface Vpc.NetworkInterfaceIds",
            "uses AWS::SecretsManager::Secret "
            "Destinations[].SrtSettings[].EncryptionPassphraseSecretArn",
            "runs-as AWS::IAM::Role RoleArn",
        ),
        drop=("State", "DELETED"),
    ),
    listing(
        "AWS::MediaLive::Input",
        calls=pages("medialive", "ListInputs", "Inputs[]"),
        arn="Arn",
        name="Name",
        properties="State, Type, InputClass, InputSourceType, InputNetworkLocation, "
        "DestinationIps=Destinations[].Ip",
        links=(
            "uses AWS::MediaLive::InputSecurityGroup SecurityGroups",
            "uses AWS::MediaConnect::Flow MediaConnectFlows[].FlowArn",
            "uses AWS::EC2::NetworkInterface Destinations[].Vpc.NetworkInterfaceId",
            "runs-as AWS::IAM::Role RoleArn",
        ),
        drop=("State", "DELETED"),
    ),
    listing(
        "AWS::MediaLive::InputSecurityGroup",
        calls=pages("medialive", "ListInputSecurityGroups", "InputSecurityGroups[]"),
        arn="Arn",
        properties="State, Cidrs=WhitelistRules[].Cidr",
        drop=("State", "DELETED"),
    ),
    listing(
        "AWS::MediaPackage::Channel",
        calls=pages("mediapackage", "ListChannels", "Channels[]"),
        arn="Arn",
        id="Id",
        properties="Description, CreatedAt",
        links="uses AWS::Logs::LogGroup EgressAccessLogs.LogGroupName, "
        "uses AWS::Logs::LogGroup IngressAccessLogs.LogGroupName",
    ),
    listing(
        "AWS::MediaPackage::OriginEndpoint",
        calls=pages("mediapackage", "ListOriginEndpoints", "OriginEndpoints[]"),
        arn="Arn",
        id="Id",
        properties="Description, Url, ManifestName, Origination, Whitelist, CreatedAt",
        links=(
            "member-of AWS::MediaPackage::Channel ChannelId",
            "uses AWS::SecretsManager::Secret "
            "Authorization.CdnIdentifierSecret ~ arn:*:secretsmanager:*",
            "runs-as AWS::IAM::Role Authorization.SecretsRoleArn",
        ),
    ),
)
