// The events: one class for each of the 58 events that GitHub's example payloads have, typed by GitHub's own types.
//
// Two forms. Where a payload is one shape, the class extends Event(name)<Data>. Where it is a union of shapes (one
// per action), TypeScript cannot extend it, so the event is a const, and a type of the same name stands beside it.
import { Event, type EventOf } from "signalbox";
import type { WebhookEventMap as Payload } from "@octokit/webhooks-types";

/** What happens to the issues of one repository is handled in its order. */
const inOrder = { key: (event: { repository: { full_name: string } }) => event.repository.full_name };

// ── The code ────────────────────────────────────────────────────────────────────────────────────────────
export class Push extends Event("github.push")<Payload["push"]> {}
export class Create extends Event("github.create")<Payload["create"]> {}
export class Delete extends Event("github.delete")<Payload["delete"]> {}
export class CommitComment extends Event("github.commit_comment")<Payload["commit_comment"]> {}
export class Fork extends Event("github.fork")<Payload["fork"]> {}
export class Gollum extends Event("github.gollum")<Payload["gollum"]> {}
export class Public extends Event("github.public")<Payload["public"]> {}
export const BranchProtectionRule = Event("github.branch_protection_rule")<Payload["branch_protection_rule"]>;
export type BranchProtectionRule = EventOf<typeof BranchProtectionRule>;
export const DeployKey = Event("github.deploy_key")<Payload["deploy_key"]>;
export type DeployKey = EventOf<typeof DeployKey>;

// ── Issues and discussions ──────────────────────────────────────────────────────────────────────────────
export const Issues = Event("github.issues", inOrder)<Payload["issues"]>;
export type Issues = EventOf<typeof Issues>;
export const IssueComment = Event("github.issue_comment", inOrder)<Payload["issue_comment"]>;
export type IssueComment = EventOf<typeof IssueComment>;
export const Label = Event("github.label")<Payload["label"]>;
export type Label = EventOf<typeof Label>;
export const Milestone = Event("github.milestone")<Payload["milestone"]>;
export type Milestone = EventOf<typeof Milestone>;
export const Discussion = Event("github.discussion")<Payload["discussion"]>;
export type Discussion = EventOf<typeof Discussion>;
export const DiscussionComment = Event("github.discussion_comment")<Payload["discussion_comment"]>;
export type DiscussionComment = EventOf<typeof DiscussionComment>;

// ── Pull requests ───────────────────────────────────────────────────────────────────────────────────────
export const PullRequest = Event("github.pull_request")<Payload["pull_request"]>;
export type PullRequest = EventOf<typeof PullRequest>;
export const PullRequestReview = Event("github.pull_request_review")<Payload["pull_request_review"]>;
export type PullRequestReview = EventOf<typeof PullRequestReview>;
export const PullRequestReviewComment = Event("github.pull_request_review_comment")<
  Payload["pull_request_review_comment"]
>;
export type PullRequestReviewComment = EventOf<typeof PullRequestReviewComment>;
export const PullRequestReviewThread = Event("github.pull_request_review_thread")<
  Payload["pull_request_review_thread"]
>;
export type PullRequestReviewThread = EventOf<typeof PullRequestReviewThread>;
export const MergeGroup = Event("github.merge_group")<Payload["merge_group"]>;
export type MergeGroup = EventOf<typeof MergeGroup>;

// ── Checks and workflows ────────────────────────────────────────────────────────────────────────────────
export const CheckRun = Event("github.check_run")<Payload["check_run"]>;
export type CheckRun = EventOf<typeof CheckRun>;
export const CheckSuite = Event("github.check_suite")<Payload["check_suite"]>;
export type CheckSuite = EventOf<typeof CheckSuite>;
export class Status extends Event("github.status")<Payload["status"]> {}
export class WorkflowDispatch extends Event("github.workflow_dispatch")<Payload["workflow_dispatch"]> {}
export const WorkflowJob = Event("github.workflow_job")<Payload["workflow_job"]>;
export type WorkflowJob = EventOf<typeof WorkflowJob>;
export const WorkflowRun = Event("github.workflow_run")<Payload["workflow_run"]>;
export type WorkflowRun = EventOf<typeof WorkflowRun>;
export class RepositoryDispatch extends Event("github.repository_dispatch")<Payload["repository_dispatch"]> {}

// ── Releases, packages and deployments ──────────────────────────────────────────────────────────────────
export const Release = Event("github.release")<Payload["release"]>;
export type Release = EventOf<typeof Release>;
export const Package = Event("github.package")<Payload["package"]>;
export type Package = EventOf<typeof Package>;
export class PageBuild extends Event("github.page_build")<Payload["page_build"]> {}
export class Deployment extends Event("github.deployment")<Payload["deployment"]> {}
export const DeploymentReview = Event("github.deployment_review")<Payload["deployment_review"]>;
export type DeploymentReview = EventOf<typeof DeploymentReview>;
export class DeploymentStatus extends Event("github.deployment_status")<Payload["deployment_status"]> {}

// ── Security ────────────────────────────────────────────────────────────────────────────────────────────
export const CodeScanningAlert = Event("github.code_scanning_alert")<Payload["code_scanning_alert"]>;
export type CodeScanningAlert = EventOf<typeof CodeScanningAlert>;
export const DependabotAlert = Event("github.dependabot_alert")<Payload["dependabot_alert"]>;
export type DependabotAlert = EventOf<typeof DependabotAlert>;
export const RepositoryVulnerabilityAlert = Event("github.repository_vulnerability_alert")<
  Payload["repository_vulnerability_alert"]
>;
export type RepositoryVulnerabilityAlert = EventOf<typeof RepositoryVulnerabilityAlert>;
export const SecurityAdvisory = Event("github.security_advisory")<Payload["security_advisory"]>;
export type SecurityAdvisory = EventOf<typeof SecurityAdvisory>;

// ── Repositories and those who watch them ───────────────────────────────────────────────────────────────
export const Repository = Event("github.repository")<Payload["repository"]>;
export type Repository = EventOf<typeof Repository>;
export class RepositoryImport extends Event("github.repository_import")<Payload["repository_import"]> {}
export class Meta extends Event("github.meta")<Payload["meta"]> {}
export class Ping extends Event("github.ping")<Payload["ping"]> {}
export const Star = Event("github.star")<Payload["star"]>;
export type Star = EventOf<typeof Star>;
export class Watch extends Event("github.watch")<Payload["watch"]> {}

// ── People, teams and organizations ─────────────────────────────────────────────────────────────────────
export const Member = Event("github.member")<Payload["member"]>;
export type Member = EventOf<typeof Member>;
export const Membership = Event("github.membership")<Payload["membership"]>;
export type Membership = EventOf<typeof Membership>;
export const Organization = Event("github.organization")<Payload["organization"]>;
export type Organization = EventOf<typeof Organization>;
export const OrgBlock = Event("github.org_block")<Payload["org_block"]>;
export type OrgBlock = EventOf<typeof OrgBlock>;
export const Team = Event("github.team")<Payload["team"]>;
export type Team = EventOf<typeof Team>;
export class TeamAdd extends Event("github.team_add")<Payload["team_add"]> {}
export const Sponsorship = Event("github.sponsorship")<Payload["sponsorship"]>;
export type Sponsorship = EventOf<typeof Sponsorship>;

// ── Projects ────────────────────────────────────────────────────────────────────────────────────────────
export const Project = Event("github.project")<Payload["project"]>;
export type Project = EventOf<typeof Project>;
export const ProjectCard = Event("github.project_card")<Payload["project_card"]>;
export type ProjectCard = EventOf<typeof ProjectCard>;
export const ProjectColumn = Event("github.project_column")<Payload["project_column"]>;
export type ProjectColumn = EventOf<typeof ProjectColumn>;
export const ProjectsV2Item = Event("github.projects_v2_item")<Payload["projects_v2_item"]>;
export type ProjectsV2Item = EventOf<typeof ProjectsV2Item>;

// ── Apps and the marketplace ────────────────────────────────────────────────────────────────────────────
export const Installation = Event("github.installation")<Payload["installation"]>;
export type Installation = EventOf<typeof Installation>;
export const InstallationRepositories = Event("github.installation_repositories")<
  Payload["installation_repositories"]
>;
export type InstallationRepositories = EventOf<typeof InstallationRepositories>;
export class GithubAppAuthorization extends Event("github.github_app_authorization")<
  Payload["github_app_authorization"]
> {}
export const MarketplacePurchase = Event("github.marketplace_purchase")<Payload["marketplace_purchase"]>;
export type MarketplacePurchase = EventOf<typeof MarketplacePurchase>;
