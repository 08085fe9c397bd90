"""What reads, listens and looks: Kendra, Lex, Comprehend, Rekognition, Fraud Detector."""

from proxyd.plugin import each, listing, pages, tagged

_CODE_HOOK = "Detail.botAliasLocaleSettings[*].codeHookSpecification.lambdaCodeHook.lambdaARN"
_LOGS = "Detail.conversationLogSettings"
_LOGGED_TEXT = f"{_LOGS}.textLogSettings[].destination.cloudWatch.cloudWatchLogGroupArn"
_LOGGED_AUDIO = f"{_LOGS}.audioLogSettings[].destination.s3Bucket"

SCANNERS = (
    listing(
        "AWS::Kendra::Index",
        calls=(
            pages("kendra", "ListIndices", "IndexConfigurationSummaryItems[]"),
            each("kendra", "DescribeIndex", into="Detail", Id="{Id}"),
        ),
        arn="arn:{partition}:kendra:{region}:{account}:index/{Id}",
        name="Name",
        tags=tagged("kendra:index"),
        properties="State=Status, Edition, Description=Detail.Description, "
        "StorageCapacityUnits=Detail.CapacityUnits.StorageCapacityUnits, "
        "QueryCapacityUnits=Detail.CapacityUnits.QueryCapacityUnits, CreatedAt, UpdatedAt",
        links="runs-as AWS::IAM::Role Detail.RoleArn",
    ),
    listing(
        "AWS::Lex::Bot",
        calls=(
            pages("lexv2-models", "ListBots", "botSummaries[]"),
            each("lexv2-models", "DescribeBot", into="Detail", botId="{botId}"),
        ),
        arn="arn:{partition}:lex:{region}:{account}:bot/{botId}",
        name="botName",
        tags=tagged("lex:bot"),
        properties="State=botStatus, botType, description, latestBotVersion, "
        "idleSessionTTLInSeconds=Detail.idleSessionTTLInSeconds, "
        "childDirected=Detail.dataPrivacy.childDirected, lastUpdatedDateTime",
        links="runs-as AWS::IAM::Role Detail.roleArn, "
        "uses AWS::Lex::Bot Detail.botMembers[].botMemberId",
    ),
    listing(
        "AWS::Lex::BotAlias",
        calls=(
            pages("lexv2-models", "ListBots", "botSummaries[]"),
            each("lexv2-models", "ListBotAliases", "botAliasSummaries[]", botId="{botId}"),
            # What code it runs, and where what people say is logged.
            each(
                "lexv2-models",
                "DescribeBotAlias",
                into="Detail",
                botId="{^.botId}",
                botAliasId="{botAliasId}",
            ),
        ),
        arn="arn:{partition}:lex:{region}:{account}:bot-alias/{^.botId}/{botAliasId}",
        name="botAliasName",
        tags=tagged("lex:bot-alias"),
        properties="State=botAliasStatus, description, botVersion, creationDateTime, "
        "lastUpdatedDateTime",
        links=(
            "member-of AWS::Lex::Bot ^.botId",
            f"runs AWS::Lambda::Function {_CODE_HOOK} ~ !*:function:*:*",
            f"runs AWS::Lambda::Function {_CODE_HOOK} ~ (arn:*:function:*):*",
            f"uses AWS::Logs::LogGroup {_LOGGED_TEXT} ~ !*:[*]",
            f"uses AWS::Logs::LogGroup {_LOGGED_TEXT} ~ (arn:*:log-group:*):[*]",
            f"routes-to AWS::S3::Bucket {_LOGGED_AUDIO}.s3BucketArn",
            f"encrypts-with AWS::KMS::Key {_LOGGED_AUDIO}.kmsKeyArn",
        ),
    ),
    # Every version is one of its own: with the name alone all of them would be called alike,
    # and with the last piece of the ARN all of them `v1`.
    listing(
        "AWS::Comprehend::DocumentClassifier",
        calls=pages("comprehend", "ListDocumentClassifiers", "DocumentClassifierPropertiesList[]"),
        arn="DocumentClassifierArn",
        id="DocumentClassifierArn:",
        tags=tagged("comprehend:document-classifier"),
        properties="State=Status, LanguageCode, Mode, VersionName, "
        "InputLocation=InputDataConfig.S3Uri, OutputLocation=OutputDataConfig.S3Uri, SubmitTime, "
        "EndTime",
        links=(
            "in AWS::EC2::Subnet VpcConfig.Subnets",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::Comprehend::DocumentClassifier SourceModelArn",
            "uses AWS::S3::Bucket InputDataConfig.S3Uri ~ s3://(*)/*",
            "routes-to AWS::S3::Bucket OutputDataConfig.S3Uri ~ s3://(*)/*",
            "member-of AWS::Comprehend::Flywheel FlywheelArn",
            "encrypts-with AWS::KMS::Key ModelKmsKeyId",
            "encrypts-with AWS::KMS::Key VolumeKmsKeyId",
            "encrypts-with AWS::KMS::Alias OutputDataConfig.KmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key OutputDataConfig.KmsKeyId ~ !*alias/*",
            "runs-as AWS::IAM::Role DataAccessRoleArn",
        ),
    ),
    listing(
        "AWS::Comprehend::EntityRecognizer",
        calls=pages("comprehend", "ListEntityRecognizers", "EntityRecognizerPropertiesList[]"),
        arn="EntityRecognizerArn",
        id="EntityRecognizerArn:",
        tags=tagged("comprehend:entity-recognizer"),
        properties="State=Status, LanguageCode, VersionName, "
        "EntityTypes=InputDataConfig.EntityTypes[].Type, "
        "DocumentsLocation=InputDataConfig.Documents.S3Uri, SubmitTime, EndTime",
        links=(
            "in AWS::EC2::Subnet VpcConfig.Subnets",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::Comprehend::EntityRecognizer SourceModelArn",
            "uses AWS::S3::Bucket InputDataConfig.Documents.S3Uri ~ s3://(*)/*",
            "member-of AWS::Comprehend::Flywheel FlywheelArn",
            "encrypts-with AWS::KMS::Key ModelKmsKeyId",
            "encrypts-with AWS::KMS::Key VolumeKmsKeyId, runs-as AWS::IAM::Role DataAccessRoleArn",
        ),
    ),
    listing(
        "AWS::Rekognition::Collection",
        calls=(
            pages("rekognition", "ListCollections", "CollectionIds[]"),
            # The list gives names only. How many faces are in it changes with every use.
            each("rekognition", "DescribeCollection", CollectionId="{@}"),
        ),
        arn="arn:{partition}:rekognition:{region}:{account}:collection/{@}",
        name="@",
        tags=tagged("rekognition:collection"),
        properties="FaceModelVersion, CreationTimestamp",
    ),
    # Its ARN ends in the time when it was made: the name is a piece before the last.
    listing(
        "AWS::Rekognition::Project",
        calls=pages(
            "rekognition",
            "DescribeProjects",
            "ProjectDescriptions[]",
            # Without this it tells the first kind only.
            Features=["CUSTOM_LABELS", "CONTENT_MODERATION"],
        ),
        arn="ProjectArn",
        id="ProjectArn:",
        tags=tagged("rekognition:project"),
        properties="State=Status, Feature, AutoUpdate, DatasetTypes=Datasets[].DatasetType, "
        "DatasetStates=Datasets[].Status, CreationTimestamp",
    ),
    listing(
        "AWS::FraudDetector::Detector",
        calls=pages("frauddetector", "GetDetectors", "detectors[]"),
        arn="arn",
        name="detectorId",
        tags=tagged("frauddetector:detector"),
        properties="description, createdTime, lastUpdatedTime",
        links="uses AWS::FraudDetector::EventType eventTypeName",
    ),
    listing(
        "AWS::FraudDetector::EventType",
        calls=pages("frauddetector", "GetEventTypes", "eventTypes[]"),
        arn="arn",
        name="name",
        tags=tagged("frauddetector:event-type"),
        properties="description, eventIngestion, "
        "eventBridgeEnabled=eventOrchestration.eventBridgeEnabled, createdTime, lastUpdatedTime",
        links=(
            "uses AWS::FraudDetector::Variable eventVariables",
            "uses AWS::FraudDetector::Label labels",
            "uses AWS::FraudDetector::EntityType entityTypes",
        ),
    ),
)
